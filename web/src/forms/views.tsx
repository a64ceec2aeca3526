// The choice between an input's form and the same as JSON, for the head of whatever is around the form.

import { Segments } from "@/ui/segments";

export type View = "form" | "json";

const VIEWS = [
  ["form", "Form"],
  ["json", "JSON"],
] as const;

/** `form` is the id of the form. It stays as it is while something in it cannot be carried over. */
export function Views({ form, view, show }: { form: string; view: View; show: (view: View) => void }) {
  const choose = (next: View) => {
    const element = document.getElementById(form);
    if (!(element instanceof HTMLFormElement) || element.reportValidity()) show(next);
  };
  return <Segments label="Show the input as" options={VIEWS} value={view} onChange={choose} />;
}

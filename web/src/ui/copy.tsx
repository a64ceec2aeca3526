// A button that copies a text.

import { Check, Copy as CopyIcon } from "lucide-react";
import { useState } from "react";
import { Button } from "./button";
import { useSay } from "./notices";

/** `what` names it: "Copy token". */
export function Copy({ text, what }: { text: string | (() => string); what: string }) {
  const [done, setDone] = useState(false);
  const say = useSay();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "string" ? text : text());
      setDone(true);
      setTimeout(() => setDone(false), 1500);
    } catch {
      say.failed(new Error("The browser did not let the page copy. Select the text, and copy it by hand."));
    }
  };
  return (
    <Button kind="quiet" aria-label={`${done ? "Copied" : "Copy"} ${what}`} onClick={() => void copy()}>
      {done ? <Check size={15} aria-hidden /> : <CopyIcon size={15} aria-hidden />}
      {done ? "Copied" : "Copy"}
    </Button>
  );
}

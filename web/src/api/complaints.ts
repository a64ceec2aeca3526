// Which of a form's fields the API complains of, in its own words; what belongs to no field is left for the form.

import { Problem } from "./problem";

export interface Complaints {
  /** What is wrong with each field. */
  at: Record<string, string | undefined>;
  /** The error, if some of it belongs to no field. */
  rest: unknown;
}

/** `codes` names the fields that errors without a place belong to, such as { name_taken: "name" }. */
export function complaints(
  error: unknown,
  fields: readonly string[],
  codes: Readonly<Record<string, string>> = {},
): Complaints {
  if (error === null || error === undefined) return { at: {}, rest: undefined };
  if (!(error instanceof Problem)) return { at: {}, rest: error };
  const coded = codes[error.code];
  if (coded !== undefined && error.places.length === 0) {
    const words = error.hint === null ? error.message : `${error.message} ${error.hint}`;
    return { at: { [coded]: words }, rest: undefined };
  }
  const at: Complaints["at"] = {};
  let homeless = error.places.length === 0;
  for (const { loc, msg } of error.places) {
    const field = String(loc[1]);
    if (fields.includes(field)) at[field] = at[field] === undefined ? msg : `${at[field]} ${msg}`;
    else homeless = true;
  }
  return { at, rest: homeless ? error : undefined };
}

// Where in a form the server's words belong: places of a 422 -> the fields that are shown.

import type { Place } from "@/api/problem";
import { type Path, pointer } from "./json";

/** Words by the JSON Pointer of their field; what belongs to none is under "". */
export type Marks = ReadonlyMap<string, readonly string[]>;

export const NO_MARKS: Marks = new Map();

/** `shown` are the pointers of the fields that are there; a word goes to the deepest of them on its way. */
export function marksOf(places: readonly Place[], shown: ReadonlySet<string>): Marks {
  const marks = new Map<string, string[]>();
  for (const place of places) {
    const path = pathOf(place);
    let length = path.length;
    while (length > 0 && !shown.has(pointer(path.slice(0, length)))) length -= 1;
    const at = pointer(path.slice(0, length));
    const below = path.slice(length).join(".");
    marks.set(at, [...(marks.get(at) ?? []), below === "" ? place.msg : `${below}: ${place.msg}`]);
  }
  return marks;
}

/** The path in the input; one that is missing is marked where it should be. */
function pathOf(place: Place): Path {
  const [, , ...path] = place.loc;
  const missing =
    place.type === "required" ? /^"((?:[^"\\]|\\.)*)" is a required property/.exec(place.msg) : null;
  return missing?.[1] === undefined ? path : [...path, unescaped(missing[1])];
}

function unescaped(text: string): string {
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return text;
  }
}

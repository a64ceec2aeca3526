// JSON values as source text: of JSON itself, Python, JavaScript and the shell. What is quoted here cannot end early
// there, and what cannot be seen is written as an escape, so that nothing reads as other than it runs.

import type { Json } from "@/forms/json";

type Language = "json" | "python" | "javascript";

/** The longest list or object that stays on one line. */
const LINE = 72;

// Controls that JSON leaves as they are, and what is invisible or turns the direction of writing.
const UNSEEN = /[\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const BARE = /^[\w@%+=:,./-]+$/;

const WORDS: Record<Language, Record<"true" | "false" | "null", string>> = {
  json: { true: "true", false: "false", null: "null" },
  python: { true: "True", false: "False", null: "None" },
  javascript: { true: "true", false: "false", null: "null" },
};

/** A text in double quotes, as JSON, Python and JavaScript all read it. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(
    UNSEEN,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A word of a POSIX shell: as it is where that is safe, else in single quotes. */
export function shellWord(text: string): string {
  return BARE.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A value as source text; its lines after the first begin with `indent`. */
export function literal(value: Json, language: Language, indent = ""): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number") return String(value);
  if (value === null || typeof value === "boolean") return WORDS[language][String(value) as "true"];
  const step = language === "python" ? "    " : "  ";
  const inner = indent + step;
  const parts = Array.isArray(value)
    ? value.map((one) => literal(one, language, inner))
    : Object.entries(value).map(([key, one]) => `${keyOf(key, language)}: ${literal(one, language, inner)}`);
  const [open, close] = brackets(value, language);
  if (parts.length === 0) return open.trim() + close.trim();
  const line = open + parts.join(", ") + close;
  if (!line.includes("\n") && indent.length + line.length <= LINE) return line;
  const comma = language === "json" ? "" : ",";
  return `${open.trim()}\n${parts.map((part) => inner + part).join(",\n")}${comma}\n${indent}${close.trim()}`;
}

function brackets(value: object, language: Language): readonly [open: string, close: string] {
  if (Array.isArray(value)) return ["[", "]"];
  return language === "javascript" ? ["{ ", " }"] : ["{", "}"];
}

function keyOf(key: string, language: Language): string {
  if (language !== "javascript") return quoted(key);
  // `__proto__: value` would set the object's prototype.
  if (key === "__proto__") return `["__proto__"]`;
  return IDENTIFIER.test(key) ? key : quoted(key);
}

// JSON as people write it: parsed without a number being changed on the way, or refused with a sentence.

import type { Json } from "./json";

const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** The value of a text; throws an Error that says what is wrong, also with numbers that a browser cannot hold. */
export function parsed(text: string): Json {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    throw new Error(`This is not JSON yet: ${reason(error)}`);
  }
  for (const [token] of text.matchAll(TOKENS)) {
    if (!token.startsWith('"') && !holds(token)) throw new Error(tooBig(token));
  }
  return value;
}

/** Whether a number's digits come through a browser unchanged: an integer up to 2^53, or a number that is finite. */
export function holds(digits: string): boolean {
  const value = Number(digits);
  if (!Number.isFinite(value)) return false;
  return !/^-?\d+$/.test(digits) || Number.isSafeInteger(value);
}

export function tooBig(digits: string): string {
  const shown = digits.length > 24 ? `${digits.slice(0, 24)}…` : digits;
  return `A browser would change ${shown}: it is too big. Send it with the command line or a client.`;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^JSON\.parse: /, "") : String(error);
}

// What is in the forms of this tab: kept while other pages are looked at, and, without its secrets, over a reload.

import { withoutSecrets } from "@/code/secrets";
import { isObject, type JsonObject } from "@/forms/json";
import type { Schema } from "@/forms/schema";

const here = new Map<string, JsonObject>();
const PREFIX = "augury:input:";
const WHOSE = "augury:inputs-of";
/** Bigger ones are not kept over a reload: the browser's storage has a few megabytes for all. */
const MOST_CHARACTERS = 500_000;

/** Whose drafts these are: somebody else's go. What a visitor has typed is theirs after they have signed in. */
export function belongTo(user: string | null): void {
  const before = sessionStorage.getItem(WHOSE);
  if (before !== null && before !== user) forgetAll();
  if (user !== null) sessionStorage.setItem(WHOSE, user);
}

export function draftOf(model: string): JsonObject | null {
  const known = here.get(model);
  if (known !== undefined) return known;
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(keyOf(model)) ?? "null");
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

export function keepDraft(model: string, input: JsonObject, schema: JsonObject): void {
  here.set(model, input);
  const text = JSON.stringify(shareable(schema, input));
  try {
    if (text.length <= MOST_CHARACTERS) sessionStorage.setItem(keyOf(model), text);
    else sessionStorage.removeItem(keyOf(model));
  } catch {
    // Storage is full or forbidden: a reload begins anew, nothing else.
  }
}

export function forgetDraft(model: string): void {
  here.delete(model);
  sessionStorage.removeItem(keyOf(model));
}

/** The input without its secrets. */
export function shareable(schema: JsonObject, input: JsonObject): JsonObject {
  return withoutSecrets(schema as Schema, input, () => undefined);
}

function forgetAll(): void {
  here.clear();
  sessionStorage.removeItem(WHOSE);
  const kept = Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
  for (const key of kept) sessionStorage.removeItem(key);
}

function keyOf(model: string): string {
  return PREFIX + model;
}

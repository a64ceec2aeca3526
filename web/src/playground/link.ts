// A form's state in a link: base64url of JSON, in the hash, which is sent to no server. Secrets are taken out before.

import { isObject, type JsonObject } from "@/forms/json";

const KEY = "input=";

/** A link that opens the form with this input; `version` only where it should be that one for ever. */
export function linkOf(owner: string, name: string, version: number | undefined, input: JsonObject): string {
  const path = `/models/${encodeURIComponent(owner)}/${encodeURIComponent(name)}`;
  const search = version === undefined ? "" : `?version=${version}`;
  return `${path}${search}#${KEY}${encoded(JSON.stringify(input))}`;
}

/** The input that a hash carries, with or without its "#"; null if it carries none. */
export function inputOfLink(hash: string): JsonObject | null {
  const text = hash.replace(/^#/, "");
  if (!text.startsWith(KEY)) return null;
  try {
    const value: unknown = JSON.parse(decoded(text.slice(KEY.length)));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function encoded(text: string): string {
  const bytes = new TextEncoder().encode(text);
  // Piece by piece: a call cannot have a million arguments.
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 8192)
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + 8192)));
  return btoa(pieces.join("")).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function decoded(text: string): string {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

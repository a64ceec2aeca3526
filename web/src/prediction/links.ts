// Links to files in values: which texts are some, where they may be fetched from, and what they seem to be.

import { webAddress } from "@/ui/safe-address";

export interface FileLink {
  /** Where it is fetched from: this server, or a data: URI; for a file elsewhere, where it is. */
  href: string;
  name: string;
  /** Whether it is on another server: then it is only linked to. */
  elsewhere: boolean;
}

export type Medium = "picture" | "audio" | "video" | "text" | "other";

const OWN = /^\/v1\/files\/[0-9a-f-]{36}\/([^/]+)$/;
const DATA = /^data:([a-z0-9.+-]+\/[a-z0-9.+-]+)?[;,]/i;

/**
 * What a text leads to, if it is a link to a file. One of this server's own is known by its address; where the schema
 * says that it is a file (`marked`), any address is one, and one of ours is fetched from where this page is from,
 * whatever name the server was asked by when the link was made.
 */
export function fileLink(text: string, marked: boolean): FileLink | null {
  if (text.length > 4096 || !/^https?:\/\//i.test(text)) return marked ? dataLink(text) : null;
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const own = OWN.exec(url.pathname);
  if (own !== null && url.searchParams.has("signature") && (marked || url.origin === location.origin)) {
    return { href: url.pathname + url.search, name: readable(own[1] ?? "file"), elsewhere: false };
  }
  return marked
    ? { href: url.href, name: readable(url.pathname.split("/").at(-1) || url.host), elsewhere: true }
    : null;
}

function dataLink(text: string): FileLink | null {
  const found = DATA.exec(text);
  return found === null ? null : { href: text, name: found[1] ?? "text/plain", elsewhere: false };
}

/** An address of the web that a text is, whole; null for anything else. */
export function webLink(text: string): string | null {
  return text.length > 2048 || /\s/.test(text) ? null : webAddress(text);
}

const BY_ENDING: [RegExp, Medium][] = [
  [/\.(png|jpe?g|gif|webp|avif|bmp|svg|ico)$/i, "picture"],
  [/\.(wav|mp3|ogg|oga|flac|m4a|opus|aac)$/i, "audio"],
  [/\.(mp4|webm|mov|m4v|ogv)$/i, "video"],
  [/\.(txt|md|csv|tsv|json|jsonl|log|xml|html?|ya?ml|toml|py|srt|vtt)$/i, "text"],
];

/** What a file is by its type, or else by how its name ends. */
export function medium(name: string, type: string | null): Medium {
  const known = (type ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (/^image\/(png|jpeg|gif|webp|avif|bmp|svg\+xml|x-icon|vnd\.microsoft\.icon)$/.test(known))
    return "picture";
  if (known.startsWith("audio/")) return "audio";
  if (known.startsWith("video/")) return "video";
  if (known.startsWith("text/") || /^application\/(json|xml|x-yaml|toml)$/.test(known)) return "text";
  if (known !== "" && known !== "application/octet-stream") return "other";
  return BY_ENDING.find(([ending]) => ending.test(name))?.[1] ?? "other";
}

function readable(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

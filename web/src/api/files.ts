// Files behind signed links: what a link leads to, asked without fetching it.

import { queryOptions } from "@tanstack/react-query";
import { Problem, problemOf, unreachable } from "./problem";

export interface FileInfo {
  type: string | null;
  /** Bytes; null where it is not said. */
  size: number | null;
}

/** Type and size of a file of this server; fails with a Problem that says why there is none. */
export const fileInfo = (href: string) =>
  queryOptions({
    queryKey: ["file", href],
    queryFn: ({ signal }) => look(href, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** The beginning of a file of text, and whether there is more of it. */
export const fileText = (href: string, most: number) =>
  queryOptions({
    queryKey: ["file-text", href, most],
    queryFn: async ({ signal }) => {
      const response = await got(href, { headers: { range: `bytes=0-${most - 1}` }, signal });
      const bytes = new Uint8Array(await response.arrayBuffer());
      const whole = Number(response.headers.get("content-range")?.split("/")[1] ?? bytes.length);
      return { text: new TextDecoder().decode(bytes.subarray(0, most)), more: whole > most };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

async function look(href: string, signal: AbortSignal): Promise<FileInfo> {
  const response = await fetch(href, { method: "HEAD", signal }).catch((error: unknown) => {
    throw unreachable(error);
  });
  // An answer without a body says nothing more than its number.
  if (!response.ok) await got(href, { headers: { range: "bytes=0-0" }, signal });
  const size = response.headers.get("content-length");
  return { type: response.headers.get("content-type"), size: size === null ? null : Number(size) };
}

async function got(href: string, request: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(href, request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable(error);
  }
  // An empty file has no range that could be asked for.
  if (response.status === 416) return new Response("");
  if (response.ok) return response;
  const told = problemOf(response, await response.json().catch(() => null));
  if (told.code !== "link_expired") throw told;
  throw new Problem(told.message, 403, told.code, "Load the page again: it may have a newer one.");
}

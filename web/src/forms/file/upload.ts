// A file goes to the server: begun, its parts put by their links with progress, completed. Its link is the value.

import { api, ask } from "@/api/client";
import { Problem, problemOf, unreachable } from "@/api/problem";

const TRIES = 3;

/** Uploads a file; `progress` is told the share that has arrived, from 0 to 1. Resolves to the file's link. */
export async function upload(
  file: File,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const body = { size: file.size, mime_type: file.type || "application/octet-stream", name: file.name };
  const begun = await ask(api.POST("/v1/uploads", { body, signal }));
  const etags: string[] = [];
  for (const [place, url] of begun.urls.entries()) {
    const start = place * begun.part_size;
    const part = file.slice(start, Math.min(file.size, start + begun.part_size));
    const told = (bytes: number) => progress(file.size === 0 ? 1 : (start + bytes) / file.size);
    etags.push(await put(here(url), part, told, signal));
  }
  const params = { path: { upload_id: begun.id } };
  const done = await ask(api.POST("/v1/uploads/{upload_id}/complete", { params, body: { etags }, signal }));
  return done.download_url;
}

/** Links begin with the server's public address; the page asks its own, as its policy allows no other. */
function here(url: string): string {
  const { pathname, search } = new URL(url, window.location.href);
  return pathname + search;
}

/** A part may be put again: a lost connection is tried once more. */
async function put(
  url: string,
  part: Blob,
  told: (bytes: number) => void,
  signal: AbortSignal,
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await putOnce(url, part, told, signal);
    } catch (error) {
      if (attempt === TRIES || !(error instanceof Problem && error.offline)) throw error;
    }
  }
}

// fetch tells nothing about how much of a body has been sent.
function putOnce(
  url: string,
  part: Blob,
  told: (bytes: number) => void,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    signal.addEventListener("abort", stop, { once: true });
    request.upload.onprogress = (event) => told(event.loaded);
    request.onerror = () => reject(unreachable("the connection was lost"));
    request.onabort = () => reject(new DOMException("The upload was cancelled.", "AbortError"));
    request.onload = () => {
      const etag = request.getResponseHeader("ETag");
      if (request.status === 200 && etag !== null) resolve(etag);
      else reject(refusal(request));
    };
    request.onloadend = () => signal.removeEventListener("abort", stop);
    request.open("PUT", url);
    request.send(part);
  });
}

function refusal(request: XMLHttpRequest): Problem {
  let body: unknown = null;
  try {
    body = JSON.parse(request.responseText);
  } catch {
    // The status alone has to say it.
  }
  return problemOf(new Response(null, { status: request.status }), body);
}

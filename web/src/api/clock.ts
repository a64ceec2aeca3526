// How far the server's clock is from this machine's, so that times that tick are right on both.

// The Date header has whole seconds: a difference that may come of that alone is none.
const TELLING_MS = 2000;
let offset = 0;

/** Take note of when an answer was made. */
export function noteDate(response: Response): Response {
  const date = Date.parse(response.headers.get("date") ?? "");
  if (!Number.isNaN(date)) {
    const difference = date + 500 - Date.now();
    offset = Math.abs(difference) > TELLING_MS ? difference : 0;
  }
  return response;
}

/** Milliseconds to add to this machine's time to have the server's. */
export function clockOffset(): number {
  return offset;
}

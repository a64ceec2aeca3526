// The one-time code of a sign-in link, taken out of the address before anything else reads or keeps the address.

let held: string | null = null;

/** Takes `#code=…` out of the address bar; imported first, so that it is never in the history of the app. */
function take(): void {
  if (location.pathname !== "/sign-in") return;
  const code = codeOf(location.hash);
  if (code === null) return;
  held = code;
  history.replaceState(null, "", location.pathname + location.search);
}

/** The code that this page was opened with, once; null if there is none. */
export function takeCode(): string | null {
  take();
  const code = held;
  held = null;
  return code;
}

/** The code in an address's hash. */
export function codeOf(hash: string): string | null {
  const code = new URLSearchParams(hash.replace(/^#/, "")).get("code");
  return code === "" ? null : code;
}

if (typeof location !== "undefined") take();

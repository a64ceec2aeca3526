// Where one goes on after signing in: only ever a page of this app.

/** The path of `next` with its search and hash; "/" for what leads elsewhere, or back to signing in. */
export function wayOn(next: string | undefined, origin: string): string {
  if (next === undefined || !URL.canParse(next, origin)) return "/";
  const url = new URL(next, origin);
  if (url.origin !== new URL(origin).origin || url.pathname === "/sign-in") return "/";
  return url.pathname + url.search + url.hash;
}

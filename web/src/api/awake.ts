// Waiting as a page should: not while nobody looks at it, and no longer once there is a reason to go on.

/** Resolves after so many milliseconds, or as soon as the page is looked at again or the network is back. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      document.removeEventListener("visibilitychange", seen);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const seen = () => {
      if (!document.hidden) done();
    };
    const timer = setTimeout(done, milliseconds);
    window.addEventListener("online", done);
    document.addEventListener("visibilitychange", seen);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}

/** Resolves when the page is looked at: at once, as a rule. */
export function seen(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      signal.removeEventListener("abort", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look);
    look();
  });
}

/** A signal that follows another, and is aborted once the page has not been looked at for so long. */
export function whileSeen(outer: AbortSignal, patience: number): { signal: AbortSignal; end: () => void } {
  const inner = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(() => inner.abort(), patience);
  };
  const abort = () => inner.abort();
  document.addEventListener("visibilitychange", look);
  outer.addEventListener("abort", abort);
  if (outer.aborted) abort();
  look();
  const end = () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", look);
    outer.removeEventListener("abort", abort);
  };
  return { signal: inner.signal, end };
}

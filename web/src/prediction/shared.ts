// A state that components share for as long as one of them shows it, and that works only so long.

const KEPT_MS = 30_000;

/** What is shown now is `snapshot`: another object after each change, and the same one until then. */
export abstract class Shared<Snapshot> {
  private listeners = new Set<() => void>();
  private work: AbortController | undefined;
  private forgetting: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private current: Snapshot,
    private readonly forget: () => void,
  ) {}

  readonly snapshot = (): Snapshot => this.current;

  readonly subscribe = (listener: () => void): (() => void) => {
    clearTimeout(this.forgetting);
    this.listeners.add(listener);
    if (this.work === undefined) this.begin();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.leave();
    };
  };

  /** Begin anew where it has ended with a problem. */
  readonly again = () => {
    this.work?.abort();
    if (this.listeners.size > 0) this.begin();
    else this.work = undefined;
  };

  /** Do what keeps it up to date, until the signal. */
  protected abstract run(signal: AbortSignal): void;

  protected set(snapshot: Snapshot) {
    this.current = snapshot;
    for (const listener of this.listeners) listener();
  }

  private begin() {
    this.work = new AbortController();
    this.run(this.work.signal);
  }

  private leave() {
    // Those that show it may be taken away and put back in one breath.
    queueMicrotask(() => {
      if (this.listeners.size > 0) return;
      this.work?.abort();
      this.work = undefined;
      clearTimeout(this.forgetting);
      this.forgetting = setTimeout(this.forget, KEPT_MS);
    });
  }
}

// Many small changes as few big ones: what comes between two frames of the screen is shown with the next one.

/** Calls `show` once a frame at most, however often it was asked for; also in a page that draws no frames. */
export class Paced {
  private frame: number | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly show: () => void) {}

  ask() {
    if (this.frame !== undefined || this.timer !== undefined) return;
    if (document.hidden) this.timer = setTimeout(() => this.now(), 500);
    else {
      this.frame = requestAnimationFrame(() => this.now());
      // A window that is covered may draw nothing although it is not hidden.
      this.timer = setTimeout(() => this.now(), 500);
    }
  }

  /** Show at once what there is. */
  now() {
    this.forget();
    this.show();
  }

  forget() {
    if (this.frame !== undefined) cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.frame = undefined;
    this.timer = undefined;
  }
}

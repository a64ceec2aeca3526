// A text that grows, cut into blocks that do not change any more, so that only its end is laid out anew.

const ENOUGH = 2_000;
/** A line is not cut before it has so many characters: where it is, looks like the end of a line. */
const TOO_MUCH = 8_000;

/** Cuts the same text again and again, each time longer. */
export class Blocks {
  private readonly cut: string[] = [];
  private seen = "";
  private done = 0;

  /** The blocks of a text, which together are the text. The list is the same one as before where it can be. */
  of(text: string): { done: readonly string[]; last: string } {
    if (!text.startsWith(this.seen)) {
      this.cut.length = 0;
      this.done = 0;
    }
    this.seen = text;
    while (text.length - this.done > ENOUGH) {
      const end = boundary(text, this.done);
      if (end === null) break;
      this.cut.push(text.slice(this.done, end));
      this.done = end;
    }
    return { done: this.cut, last: text.slice(this.done) };
  }
}

/** Where the block ends that begins at `from`: behind the end of a line, or in a line that is far too long. */
function boundary(text: string, from: number): number | null {
  // What is looked through is cut out first: a search in the whole would go through all of what follows each time.
  const near = text.slice(from, from + TOO_MUCH);
  const line = near.indexOf("\n", ENOUGH);
  if (line >= 0) return from + line + 1;
  if (near.length < TOO_MUCH) return null;
  const early = Math.max(near.lastIndexOf("\n"), near.lastIndexOf(" "));
  return early > 0 ? from + early + 1 : whole(text, from + TOO_MUCH);
}

/** A place that is not within a character of two halves. */
function whole(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at + 1 : at;
}

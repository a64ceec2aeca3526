// Log lines as they are read: without the escapes that a terminal would act on.

// Of a terminal: CSI and OSC sequences, what else begins with ESC, and CSI as one character.
const ESCAPES = new RegExp(
  [
    "\\x1b\\[[0-?]*[ -/]*[@-~]",
    "\\x1b\\][^\\x07\\x1b]*(?:\\x07|\\x1b\\\\)?",
    "\\x1b[@-Z\\\\-_]",
    "\\x9b[0-?]*[ -/]*[@-~]",
  ].join("|"),
  "g",
);
const CONTROLS = /[^\P{Cc}\t\n]/gu;
// Those that make text look like another one; the marks that Arabic and Hebrew need are not among them.
const DIRECTIONS = /[\u202a-\u202e\u2066-\u2069]/g;

/** A line without colours and other commands to a terminal; of one that was written over, what was left to be seen. */
export function plain(line: string): string {
  const bare = line.replace(ESCAPES, "").replace(/\r+$/, "");
  const left = bare.slice(bare.lastIndexOf("\r") + 1);
  return left.replace(CONTROLS, "\ufffd").replace(DIRECTIONS, "\ufffd");
}

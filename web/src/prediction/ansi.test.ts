import { expect, test } from "vitest";
import { plain } from "./ansi";

test.each([
  ["\u001b[31mred\u001b[0m", "red"],
  ["\u001b[38;5;196mred\u001b[K", "red"],
  ["\u001b]0;title\u0007text", "text"],
  ["\u001b]8;;https://x.example\u001b\\link\u001b]8;;\u001b\\", "link"],
  ["\u009b31mred", "red"],
  ["10 %\r50 %\r100 %", "100 %"],
  ["windows line\r", "windows line"],
  ["bell\u0007 and nul\u0000", "bell\ufffd and nul\ufffd"],
  ["\u202egnp.exe", "\ufffdgnp.exe"],
  ["tab\tand שלום\u200f stay", "tab\tand שלום\u200f stay"],
])("%j is read as %j", (line, read) => {
  expect(plain(line)).toBe(read);
});

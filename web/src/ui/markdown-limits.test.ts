import { expect, test } from "vitest";
import { tooMuch } from "./markdown-limits";

test("a text that would hold up the page is too much, an ordinary one is not", () => {
  for (const text of [">".repeat(20_000), "*a".repeat(30_000), "- ".repeat(400), `${" ".repeat(300)}- a`]) {
    expect(tooMuch(text)).toBe(true);
  }
  const chapter = `# A *title*\n\n${"Some _words_ and a [link](https://example.com).\n\n".repeat(500)}`;
  expect(tooMuch(chapter)).toBe(false);
  expect(
    tooMuch(`| a | b |\n|${"-".repeat(300)}|---|\n| 1 | 2 |\n\n${"-".repeat(200)}\n\n> > > quoted`),
  ).toBe(false);
});

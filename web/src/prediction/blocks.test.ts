import { expect, test } from "vitest";
import { Blocks } from "./blocks";

const joined = ({ done, last }: { done: readonly string[]; last: string }) => done.join("") + last;

test("the blocks of a growing text are the text, and those that are done stay as they are", () => {
  const text = Array.from({ length: 5000 }, (_, line) => `line ${line}`).join("\n");
  const blocks = new Blocks();
  let before: string[] = [];
  for (let end = 1; end < text.length; end += 777) {
    const cut = blocks.of(text.slice(0, end));
    expect(joined(cut)).toBe(text.slice(0, end));
    expect(cut.done.slice(0, before.length)).toEqual(before);
    before = [...cut.done];
  }
  expect(before.every((block) => block.endsWith("\n"))).toBe(true);
  expect(joined(blocks.of(text))).toBe(text);
});

test("a line without an end is cut all the same, but not within a character", () => {
  const whole = /^(?:😀)*$/u;
  const text = "😀".repeat(30_000);
  const { done, last } = new Blocks().of(text);
  expect(done.length).toBeGreaterThan(3);
  expect(done.every((block) => whole.test(block)) && whole.test(last)).toBe(true);
  expect(joined({ done, last })).toBe(text);
});

test("another text begins anew", () => {
  const blocks = new Blocks();
  blocks.of("a\n".repeat(5000));
  expect(joined(blocks.of("b\n".repeat(3000)))).toBe("b\n".repeat(3000));
});

test("five million characters are cut in a moment", () => {
  const began = performance.now();
  new Blocks().of("lorem ipsum ".repeat(420_000));
  expect(performance.now() - began).toBeLessThan(300);
});

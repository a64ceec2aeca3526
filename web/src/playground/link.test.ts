import { describe, expect, test } from "vitest";
import { inputOfLink, linkOf } from "./link";

describe("a link to a form", () => {
  test.each([
    ["nothing", {}],
    ["every script", { text: "Grüße 你好 🔭 \u0000 \ud800x".replace("\ud800", ""), "a/b?#&=": "+/-_" }],
    ["what is not text", { a: null, b: [1, 2.5, -3e-7, true], c: { d: { e: "" } } }],
    ["a megabyte", { text: "ä€🔭".repeat(120_000) }],
  ])("brings %s back", (_, input) => {
    const link = linkOf("ada", "my model/1", undefined, input);
    expect(link).toMatch(/^\/models\/ada\/my%20model%2F1#input=[\w-]*$/);
    expect(inputOfLink(new URL(link, "http://here").hash)).toEqual(input);
  });

  test("names the version that it is for", () => {
    expect(linkOf("ada", "echo", 3, {})).toMatch(/^\/models\/ada\/echo\?version=3#input=/);
  });

  test.each(["", "#", "#main", "#input=", "#input=%%%", "#input=WzFd", "#input=_w"])("%s is none", (hash) => {
    expect(inputOfLink(hash)).toBeNull();
  });
});

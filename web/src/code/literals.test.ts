import { describe, expect, test } from "vitest";
import { literal, quoted, shellWord } from "./literals";

const HOSTILE = {
  text: `it's "quoted" \\ and $(id) \`id\` ${"$"}{HOME} 😀 é\n\r\t\u0000\u007f\u2028\u202e`,
  "key with 'quotes'": [true, false, null, 1.5, -3, 1e21, "", [], {}],
  nested: { deep: { list: ["a".repeat(40), "b".repeat(40)] } },
};

describe("a value as source text", () => {
  test("is the same value again as JSON", () => {
    expect(JSON.parse(literal(HOSTILE, "json"))).toEqual(HOSTILE);
  });

  test("is the same value again as JavaScript, a key __proto__ included", () => {
    const value = JSON.parse(`{"__proto__": {"x": 1}, "a": ${JSON.stringify(HOSTILE)}}`);
    const again: unknown = new Function(`return ${literal(value, "javascript")};`)();
    expect(JSON.stringify(again)).toBe(JSON.stringify(value));
  });

  test("has Python's own words", () => {
    expect(literal([true, false, null, "true"], "python")).toBe(`[True, False, None, "true"]`);
  });

  test("shows what cannot be seen", () => {
    expect(quoted("a\u202eb\u200bc\ufeff")).toBe(`"a\\u202eb\\u200bc\\ufeff"`);
  });

  test("is broken over lines where it is long", () => {
    expect(literal({ a: "x".repeat(70) }, "python", "    ")).toBe(
      `{\n        "a": "${"x".repeat(70)}",\n    }`,
    );
  });
});

test("a shell is given one word, whatever is in it", () => {
  expect(shellWord("owner/name:3")).toBe("owner/name:3");
  expect(shellWord("it's $(id)\n")).toBe(`'it'\\''s $(id)\n'`);
  expect(shellWord("")).toBe("''");
});

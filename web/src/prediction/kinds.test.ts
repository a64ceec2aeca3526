import { beforeAll, expect, test, vi } from "vitest";
import { filesIn, isText, type Schema, shown } from "./kinds";

const HERE = "http://127.0.0.1:8080";
const LINK = `${HERE}/v1/files/0193c1a8-0273-70f2-b52a-3adad4987789/page%201.png?signature=5f2c`;
const FILE: Schema = { type: "string", format: "uri", "x-augury-type": "file" };
const TEXT: Schema = { type: "string" };

beforeAll(() => vi.stubGlobal("location", { origin: HERE }));

test.each([
  ["null", null],
  ["text", "hello"],
  ["text", "https://example.com/cat.png"],
  ["scalar", 0],
  ["scalar", false],
  ["files", LINK],
  ["files", [LINK, LINK]],
  ["json", [LINK, "and a text"]],
  ["vectors", Array.from({ length: 384 }, () => 0.5)],
  ["vectors", [Array.from({ length: 384 }, () => 0.5)]],
  ["json", [1, 2]],
  ["table", [{ a: 1 }, { a: 2, b: "x" }]],
  ["json", [{ a: [1] }]],
  ["json", []],
  ["json", { a: 1 }],
] as const)("without a schema, %s", (kind, value) => {
  expect(shown(value, undefined).kind).toBe(kind);
});

test("what the schema calls a file is one wherever it is, and one of ours is fetched from here", () => {
  const other = LINK.replace("127.0.0.1", "localhost");
  expect(shown(other, TEXT).kind).toBe("text");
  const here = shown(other, FILE);
  expect(here).toMatchObject({ kind: "files", files: [{ name: "page 1.png", elsewhere: false }] });
  expect(here.kind === "files" && here.files[0]?.href).toMatch(/^\/v1\/files\//);
  expect(shown("https://example.com/cat.png", FILE)).toMatchObject({
    files: [{ name: "cat.png", elsewhere: true }],
  });
});

test.each(["javascript:alert(1)", "vbscript:x", "file:///etc/passwd", "//evil.example/x"])(
  "%s is never a file",
  (address) => {
    expect(shown(address, FILE).kind).toBe("text");
  },
);

test("files are found by references and choices of the schema", () => {
  const schema: Schema = {
    $defs: { Page: { properties: { image: { anyOf: [FILE, { type: "null" }] } } } },
    type: "array",
    items: { $ref: "#/$defs/Page" },
  };
  const other = LINK.replace("127.0.0.1", "localhost");
  expect(filesIn([{ image: other, note: other }], schema)).toHaveLength(1);
});

test("pieces of a stream are one text where the schemas say so", () => {
  expect(isText(TEXT, TEXT, ["a"])).toBe(true);
  expect(isText({ type: "array", items: TEXT }, TEXT, ["a"])).toBe(false);
  expect(isText({ type: "array", "x-cog-array-display": "concatenate" }, TEXT, ["a"])).toBe(true);
  expect(isText({ type: "array" }, FILE, [LINK])).toBe(false);
});

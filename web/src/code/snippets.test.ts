import { expect, test } from "vitest";
import { type Wanted, waysOf } from "./snippets";

const SCHEMA: Wanted["schema"] = {
  type: "object",
  properties: {
    prompt: { type: "string" },
    keys: { anyOf: [{ type: "array", items: { $ref: "#/$defs/Key" } }, { type: "null" }] },
  },
  $defs: {
    Key: {
      type: "object",
      properties: { of: { type: "string" }, key: { type: "string", format: "password" } },
    },
  },
};

const WANTED: Wanted = {
  origin: "http://127.0.0.1:8080",
  owner: "ada",
  name: "poet",
  input: { prompt: "hello", keys: [{ of: "hub", key: "hunter2" }] },
  schema: SCHEMA,
  compatibilities: {},
  stream: null,
};

const written = (wanted: Wanted) =>
  waysOf(wanted).flatMap((way) => way.samples().map((sample) => sample.text));

test("no sample shows a secret, however deep it is", () => {
  for (const text of written(WANTED)) {
    expect(text).not.toContain("hunter2");
    expect(text).toContain("<key>");
    expect(text).toContain("hub");
  }
});

test("clients are offered where the version is offered to them", () => {
  expect(waysOf(WANTED).map((way) => way.id)).toEqual([
    "curl",
    "python",
    "javascript",
    "augury",
    "replicate",
  ]);
  const compatibilities = { openai_chat_completions: true, anthropic_messages: true };
  expect(waysOf({ ...WANTED, compatibilities }).map((way) => way.id)).toContain("openai");
  expect(waysOf({ ...WANTED, compatibilities }).map((way) => way.id)).toContain("anthropic");
});

test("a version that streams has a sample that streams in every tab", () => {
  for (const way of waysOf({ ...WANTED, stream: { type: "string" } })) expect(way.samples()).toHaveLength(2);
});

test("a chosen version is named in every sample", () => {
  for (const text of written({ ...WANTED, version: 3 })) expect(text).toContain("ada/poet:3");
});

test("the command line is given JSON where a text would read as something else", () => {
  const commands = (value: string) => {
    const ways = waysOf({ ...WANTED, input: { prompt: value } });
    return ways.find((way) => way.id === "augury")?.samples()[0]?.text ?? "";
  };
  expect(commands("hello there")).toContain(`-i 'prompt=hello there'`);
  expect(commands("@file")).toContain(`-i 'prompt="@file"'`);
  expect(commands("5")).toContain(`-i 'prompt="5"'`);
  expect(commands("null")).toContain(`-i 'prompt="null"'`);
  expect(commands("a\nb")).toContain(`-i 'prompt="a\\nb"'`);
});

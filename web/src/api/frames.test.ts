import { expect, test } from "vitest";
import { Frames } from "./frames";

const STREAM =
  'id: 1\nevent: init\ndata: {"a":1}\n\n: ping\n\nid: 2\nevent: output\ndata: "x\\n\\ny"\n\nid: 3\nevent: done\ndata: {}\n\n';

test("events are the same however the stream is cut", () => {
  const whole = new Frames().push(STREAM);
  expect(whole.map(({ id, event }) => [id, event])).toEqual([
    ["1", "init"],
    ["2", "output"],
    ["3", "done"],
  ]);
  for (let size = 1; size < STREAM.length; size++) {
    const frames = new Frames();
    const found = [];
    for (let at = 0; at < STREAM.length; at += size) found.push(...frames.push(STREAM.slice(at, at + size)));
    expect(found).toEqual(whole);
  }
});

test("a frame that has not ended is not given", () => {
  const frames = new Frames();
  expect(frames.push("id: 1\nevent: output\ndata: 1\n")).toEqual([]);
  expect(frames.push("\n")).toHaveLength(1);
});

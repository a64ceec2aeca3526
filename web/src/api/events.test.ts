// @vitest-environment node
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { follow } from "./events";
import { Problem } from "./problem";

// A page of no browser: it is looked at, and asks a server of this test.
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let asked: (string | undefined)[];
const server = createServer((request, response) => {
  asked.push(request.headers["last-event-id"] as string | undefined);
  answer(request, response);
});
const page = Object.assign(new EventTarget(), { hidden: false });

beforeEach(async () => {
  asked = [];
  page.hidden = false;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const real = globalThis.fetch;
  vi.stubGlobal("document", page);
  vi.stubGlobal("window", new EventTarget());
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => real(base + path, init));
});

afterEach(async () => {
  vi.unstubAllGlobals();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const event = (id: number, kind = "output") => `id: ${id}\nevent: ${kind}\ndata: ${id}\n\n`;

function started(signal = new AbortController().signal) {
  const taken: string[] = [];
  const connections: boolean[] = [];
  const done = follow({
    path: "/stream",
    after: null,
    signal,
    connected: (now) => connections.push(now),
    take: (events) => {
      taken.push(...events.map(({ id }) => id));
      return events.some((one) => one.event === "done");
    },
  });
  return { done, taken, connections };
}

test("what was cut anywhere goes on behind the last event that came whole", async () => {
  answer = (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    if (asked.length === 1)
      response.write(event(1) + event(2) + event(3).slice(0, 9), () => response.destroy());
    else if (asked.length === 2) response.end(event(3));
    else response.end(event(4) + event(5, "done"));
  };
  const { done, taken } = started();
  await done;
  expect(taken).toEqual(["1", "2", "3", "4", "5"]);
  expect(asked).toEqual([undefined, "2", "3"]);
});

test("a server that is away, or something in between that says so, is asked again", async () => {
  answer = (_, response) => {
    if (asked.length === 1) response.writeHead(502).end("<html>bad gateway");
    else if (asked.length === 2) response.destroy();
    else response.end(event(1, "done"));
  };
  const { done, taken, connections } = started();
  await done;
  expect(taken).toEqual(["1"]);
  expect(connections).toEqual([false, false, true]);
});

test.each([401, 404, 409, 410])("an answer of %i is final, and says why", async (status) => {
  answer = (_, response) => response.writeHead(status).end(JSON.stringify({ detail: "No.", code: "no" }));
  const problem = await started().done.catch((error: unknown) => error);
  expect(problem).toBeInstanceOf(Problem);
  expect(problem).toMatchObject({ status, message: "No.", code: "no" });
  expect(asked).toHaveLength(1);
});

test("nothing more is taken once nobody wants it", async () => {
  const leaving = new AbortController();
  answer = (_, response) => {
    response.write(event(1));
    leaving.abort();
  };
  await started(leaving.signal).done;
  expect(asked).toHaveLength(1);
});

test("a page that nobody looks at has no connection until somebody does", async () => {
  page.hidden = true;
  answer = (_, response) => response.end(event(1, "done"));
  const { done, taken } = started();
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toEqual([]);
  page.hidden = false;
  page.dispatchEvent(new Event("visibilitychange"));
  await done;
  expect(taken).toEqual(["1"]);
});

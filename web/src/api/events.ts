// Following an event stream for as long as it takes: each event once and in order, whatever happens on the way.
//
// By fetch and not by EventSource, which says of a refusal (401, 410) only that there was an error, gives up for good
// at a 502 of something in between, and does not notice a connection that has died in a machine that slept.

import { pause, seen, whileSeen } from "./awake";
import { noteDate } from "./clock";
import { Frames, type ServerEvent } from "./frames";
import { Problem, problemOf, unreachable } from "./problem";

interface Follow {
  /** The stream's address. */
  path: string;
  /** The id behind which to begin; null for the beginning. */
  after: string | null;
  /** Takes events as they come; true: that was the last one. */
  take: (events: ServerEvent[]) => boolean;
  /** Whether there is a connection now. */
  connected: (now: boolean) => void;
  signal: AbortSignal;
}

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 3000;
/** The server says something every 15 seconds; a line that is silent for this long is dead. */
const DEAD_MS = 45_000;
/** A browser has six connections to a server, for all of its tabs: one that nobody sees keeps none. */
const UNSEEN_MS = 5_000;

/** Follow until the last event, or `signal`; throws the Problem that asking again would not change. */
export async function follow({ path, after, take, connected, signal }: Follow): Promise<void> {
  let last = after;
  let over = false;
  let delay = FIRST_DELAY_MS;
  const receive = (events: ServerEvent[]) => {
    delay = FIRST_DELAY_MS;
    last = events.at(-1)?.id ?? last;
    over = take(events);
    return over;
  };
  while (!over && !signal.aborted) {
    await seen(signal);
    const looking = whileSeen(signal, UNSEEN_MS);
    try {
      await read(path, last, looking.signal, receive, () => connected(true));
    } catch (error) {
      if (!(error instanceof Problem) || !passing(error)) throw error;
      connected(false);
    } finally {
      looking.end();
    }
    if (over || signal.aborted || document.hidden) continue;
    await pause(delay, signal);
    delay = Math.min(delay * 1.6, LONGEST_DELAY_MS);
  }
}

/** Whether it may be another answer later: the server is away or busy, or something in between is. */
export function passing(problem: Problem): boolean {
  return problem.offline || problem.status === 429 || problem.status >= 500;
}

type Receive = (events: ServerEvent[]) => boolean;

/** One connection: until its end, the last event, or the signal. */
async function read(
  path: string,
  last: string | null,
  signal: AbortSignal,
  take: Receive,
  opened: () => void,
) {
  const line = new AbortController();
  const abort = () => line.abort();
  let watch = setTimeout(abort, DEAD_MS);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  const headers: Record<string, string> = { accept: "text/event-stream" };
  if (last !== null) headers["last-event-id"] = last;
  try {
    const response = noteDate(
      await fetch(path, { headers, signal: line.signal, cache: "no-store", credentials: "same-origin" }),
    );
    if (!response.ok) throw problemOf(response, await response.json().catch(() => null));
    if (response.body === null) return;
    opened();
    const frames = new Frames();
    for await (const text of pieces(response.body)) {
      clearTimeout(watch);
      watch = setTimeout(abort, DEAD_MS);
      const events = frames.push(text);
      if (events.length > 0 && take(events)) return;
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (signal.aborted) return;
    throw unreachable(error);
  } finally {
    clearTimeout(watch);
    signal.removeEventListener("abort", abort);
    line.abort();
  }
}

async function* pieces(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
}

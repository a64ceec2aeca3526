// One prediction as it goes: what GET says of it, and the items of its stream as they come.
//
//   GET -> is it over? -> wait a little -> GET …        the state, progress and, once it has ended, the truth
//   stream -> items -> shown once a frame               for one that was created with a stream and has not succeeded

import { pause, seen } from "@/api/awake";
import type { Shapes } from "@/api/client";
import { follow, passing } from "@/api/events";
import type { ServerEvent } from "@/api/frames";
import { Problem } from "@/api/problem";
import { prediction as asked } from "@/api/queries";
import { queries } from "@/app/queries";
import { Paced } from "./paced";
import { Shared } from "./shared";

type Prediction = Shapes["Prediction"];

/** How a prediction stands. */
export interface Standing {
  prediction?: Prediction;
  /** Why nothing more can be known; asking again may help (`again`). */
  problem?: Problem;
  /** Whether the server answers. */
  connected: boolean;
}

/** What is known of a prediction now. */
export interface Live extends Standing {
  /** What its stream has had so far. The list grows in place: look at its length. */
  items: readonly unknown[];
  /** Those items that are texts, as one. */
  text: string;
}

const SOON_MS = 250;
const LATER_MS = 2000;
const ENDED = new Set<string>(["succeeded", "failed", "cancelled", "abandoned"]);

/** Whether nothing of it will change any more. */
export function ended(prediction: Prediction): boolean {
  return ENDED.has(prediction.status);
}

export class LiveStore extends Shared<Live> {
  private stands: Standing;
  private readonly items: unknown[] = [];
  private text = "";
  private arrived: unknown[] = [];
  private last: string | null = null;
  private streamed = false;
  private polling = true;
  private streaming = true;
  private waking = new AbortController();
  private readonly paced = new Paced(() => this.flush());

  constructor(
    readonly id: string,
    known: Prediction | undefined,
    forget: () => void,
  ) {
    super({ prediction: known, items: [], text: "", connected: true }, forget);
    this.stands = { prediction: known, connected: true };
  }

  /** As `snapshot` without what is streamed: the same object while nothing else changes. */
  readonly standing = (): Standing => this.stands;

  /** Ask how it stands now, not in a moment. */
  readonly wake = () => {
    this.waking.abort();
    this.waking = new AbortController();
  };

  /** Go on after its reader has signed in again. */
  readonly resume = () => {
    if (this.snapshot().problem?.status === 401) this.again();
  };

  protected run(signal: AbortSignal) {
    const { prediction } = this.snapshot();
    this.update({ problem: undefined });
    if (prediction !== undefined) this.stream(prediction, signal);
    void this.poll(signal);
  }

  private async poll(signal: AbortSignal) {
    let delay = SOON_MS;
    while (!signal.aborted) {
      await seen(signal);
      const before = this.snapshot().prediction;
      const now = await this.look(signal);
      if (signal.aborted || now === "over") return;
      if (now !== null) this.stream(now, signal);
      const same = now !== null && before?.status === now.status;
      delay = same || now === null ? Math.min(delay * 1.3, LATER_MS) : SOON_MS;
      await pause(delay, AbortSignal.any([signal, this.waking.signal]));
    }
  }

  /** The prediction as it is now; null where the server does not answer; over where there is no need to look again. */
  private async look(signal: AbortSignal): Promise<Prediction | null | "over"> {
    try {
      const found = await queries.fetchQuery({ ...asked(this.id), staleTime: 0, retry: false });
      if (signal.aborted) return "over";
      this.polling = true;
      this.update({ prediction: found });
      if (!ended(found)) return found;
      this.stream(found, signal);
      return "over";
    } catch (error) {
      if (signal.aborted) return "over";
      if (error instanceof Problem && passing(error)) {
        this.polling = false;
        this.update({});
        return null;
      }
      this.update({ problem: problemFrom(error) });
      return "over";
    }
  }

  private stream(prediction: Prediction, signal: AbortSignal) {
    if (this.streamed || !prediction.stream || prediction.status === "succeeded") return;
    this.streamed = true;
    signal.addEventListener("abort", () => {
      this.streamed = false;
    });
    const path = `/v1/predictions/${encodeURIComponent(this.id)}/stream`;
    const connected = (now: boolean) => {
      if (this.streaming === now) return;
      this.streaming = now;
      this.update({});
    };
    const take = (events: ServerEvent[]) => !signal.aborted && this.take(events);
    follow({ path, after: this.last, take, connected, signal }).then(
      () => this.wake(),
      // What was removed has no events any more, and whatever else it is: GET says it.
      () => {
        this.streaming = true;
        this.wake();
      },
    );
  }

  private take(events: ServerEvent[]): boolean {
    let over = false;
    for (const event of events) {
      if (this.last !== null && Number(event.id) <= Number(this.last)) continue;
      this.last = event.id;
      if (event.event === "output") this.arrived.push(JSON.parse(event.data));
      else if (event.event === "done" || event.event === "error") over = true;
    }
    if (this.arrived.length > 0) this.paced.ask();
    return over;
  }

  private flush() {
    for (const item of this.arrived) {
      this.items.push(item);
      if (typeof item === "string") this.text += item;
    }
    this.arrived = [];
    this.update({});
  }

  private update(change: Partial<Standing>) {
    const { items, text } = this;
    const before = this.stands;
    const after = { ...before, ...change, connected: this.polling && this.streaming };
    const { prediction, problem, connected } = after;
    if (prediction !== before.prediction || problem !== before.problem || connected !== before.connected) {
      this.stands = { prediction, problem, connected };
    }
    this.set({ ...this.stands, items, text });
  }
}

function problemFrom(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem(error instanceof Error ? error.message : String(error), -1, "failed");
}

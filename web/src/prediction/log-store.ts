// The log of a prediction as it is written: each line once and in order, shown once a frame.

import type { Shapes } from "@/api/client";
import { follow } from "@/api/events";
import type { ServerEvent } from "@/api/frames";
import { Problem } from "@/api/problem";
import { plain } from "./ansi";
import { Paced } from "./paced";
import { Shared } from "./shared";

export type LogLine = Shapes["LogLine"];

export interface Log {
  /** Grows in place: look at its length. Texts are without a terminal's commands. */
  lines: readonly LogLine[];
  /** Whether no line will follow. */
  over: boolean;
  connected: boolean;
  problem?: Problem;
}

export class LogStore extends Shared<Log> {
  private readonly lines: LogLine[] = [];
  private last: string | null = null;
  private readonly paced = new Paced(() => this.update({}));

  constructor(
    readonly id: string,
    forget: () => void,
  ) {
    super({ lines: [], over: false, connected: true }, forget);
  }

  /** Go on after its reader has signed in again. */
  readonly resume = () => {
    if (this.snapshot().problem?.status === 401) this.again();
  };

  protected run(signal: AbortSignal) {
    if (this.snapshot().over) return;
    this.update({ problem: undefined });
    const path = `/v1/predictions/${encodeURIComponent(this.id)}/logs?follow=true`;
    const connected = (now: boolean) => {
      if (this.snapshot().connected !== now) this.update({ connected: now });
    };
    const take = (events: ServerEvent[]) => !signal.aborted && this.take(events);
    follow({ path, after: this.last, take, connected, signal }).catch((error: unknown) => {
      const problem =
        error instanceof Problem ? error : new Problem(String(error), -1, "failed", "Load the page again.");
      this.update({ over: problem.status === 410, problem });
    });
  }

  private take(events: ServerEvent[]): boolean {
    let over = false;
    for (const event of events) {
      this.last = event.id;
      if (event.event === "log") {
        const line = JSON.parse(event.data) as LogLine;
        this.lines.push({ ...line, text: plain(line.text) });
      } else over = over || event.event === "done";
    }
    if (over) this.update({ over });
    else this.paced.ask();
    return over;
  }

  private update(change: Partial<Log>) {
    this.set({ ...this.snapshot(), ...change, lines: this.lines });
  }
}

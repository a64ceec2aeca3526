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
  /** Those of the setup of the worker that it waited for; grows in place. */
  setup: readonly LogLine[];
  /** In what words the model last said how far it is. */
  said: string | null;
  /** Whether no line will follow. */
  over: boolean;
  connected: boolean;
  problem?: Problem;
}

export class LogStore extends Shared<Log> {
  private readonly lines: LogLine[] = [];
  private readonly setup: LogLine[] = [];
  private said: string | null = null;
  private last: string | null = null;
  private readonly paced = new Paced(() => this.update({}));

  constructor(
    readonly id: string,
    forget: () => void,
  ) {
    super({ lines: [], setup: [], said: null, over: false, connected: true }, forget);
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
      if (event.event === "log") this.add(JSON.parse(event.data) as LogLine);
      else if (event.event === "done") over = true;
    }
    if (over) this.update({ over });
    else this.paced.ask();
    return over;
  }

  private add(written: LogLine) {
    const line = { ...written, text: plain(written.text) };
    this.lines.push(line);
    if (line.phase === "setup") this.setup.push(line);
    // Such a line begins with the percentage, which is shown beside it.
    if (line.stream === "progress") this.said = line.text.replace(/^\d+ ?% ?/, "");
  }

  private update(change: Partial<Log>) {
    const { lines, setup, said } = this;
    this.set({ ...this.snapshot(), ...change, lines, setup, said });
  }
}

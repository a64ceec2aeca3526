// What all samples are made from, and what a sample is.

import type { Shapes } from "@/api/client";
import type { JsonObject } from "@/forms/json";

/** The call that samples are to make. */
export interface Asked {
  /** The server's own address, without a slash at its end. */
  origin: string;
  /** owner/name, or owner/name:N. */
  model: string;
  version?: number | undefined;
  /** The form's input, without secrets. */
  input: JsonObject;
  compatibilities: Partial<Shapes["Compatibilities"]>;
  /** Whether its output comes in pieces. */
  stream: boolean;
  /** Whether the pieces are texts that make one. */
  text: boolean;
}

export type SampleLanguage = "shell" | "python" | "javascript";

/** A program that makes the call. */
export interface Sample {
  /** What is different about it among those of the same way. */
  title: string;
  language: SampleLanguage;
  text: string;
}

/** A client, or a language: a tab. */
export interface Way {
  id: string;
  name: string;
  /** What gets it, as a command; null where it is there. */
  install: string | null;
  /** What to know about it; null where its samples say it all. */
  note: string | null;
  /** Made when they are looked at: an input may be long. */
  samples: () => Sample[];
}

/** Lines of a program, with those left out that are not wanted. */
export const lines = (...all: (string | false)[]): string => all.filter((one) => one !== false).join("\n");

// What is true of a version, in words: which clients it is offered to.

import type { Shapes } from "@/api/client";

const OFFERS: readonly (readonly [keyof Shapes["Compatibilities"], string])[] = [
  ["openai_chat_completions", "OpenAI chat"],
  ["openai_responses", "OpenAI responses"],
  ["openai_embeddings", "OpenAI embeddings"],
  ["openai_images_generations", "OpenAI images"],
  ["anthropic_messages", "Anthropic messages"],
];

/** The other APIs through which a version is offered; Replicate's is there for every version. */
export function offersOf(compatibilities: Shapes["Compatibilities"]): string[] {
  return [...OFFERS.filter(([name]) => compatibilities[name]).map(([, words]) => words), "Replicate"];
}

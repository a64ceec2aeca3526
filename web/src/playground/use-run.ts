// Pressing Run: one press makes one prediction, whatever becomes of the answer.

import { useMutation } from "@tanstack/react-query";
import { api, ask, type Shapes } from "@/api/client";
import { Problem } from "@/api/problem";
import type { JsonObject } from "@/forms/json";
import { begin } from "@/prediction/live";

interface Press {
  model: string;
  input: JsonObject;
  stream: boolean;
  /** Sent again with every try, so that a lost answer is found again instead of made anew. */
  key: string;
}

const TRIES = 5;
const FIRST_WAIT_MS = 500;

export function useRun(done: (prediction: Shapes["Prediction"]) => void) {
  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: ({ model, input, stream, key }: Press) =>
      ask(
        api.POST("/v1/predictions", {
          params: { header: { "Validate-Input": true, "Idempotency-Key": key } },
          body: { model, input, stream, webhook: null },
        }),
      ),
    networkMode: "always",
    retry: (count, failure) =>
      count < TRIES && failure instanceof Problem && (failure.offline || failure.status === 503),
    retryDelay: (count) => FIRST_WAIT_MS * 2 ** count,
    onSuccess: (answer) => {
      // A text is the stream of a prediction that was asked to be streamed at once; this one was not.
      if (typeof answer === "string") return;
      begin(answer);
      done(answer);
    },
  });
  const run = (model: string, input: JsonObject, stream: boolean) =>
    mutate({ model, input, stream, key: `web-${crypto.getRandomValues(new BigUint64Array(2)).join("-")}` });
  return { run, running: isPending, error, forget: reset };
}

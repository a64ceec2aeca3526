// The button that asks for the end of a prediction.

import { useMutation } from "@tanstack/react-query";
import { CircleStop } from "lucide-react";
import { api, ask, type Shapes } from "@/api/client";
import { Problem } from "@/api/problem";
import { Button } from "@/ui/button";
import { useSay } from "@/ui/notices";
import { ended, wake } from "./live";

/** Is not there for what has ended. */
export function Cancel({ prediction }: { prediction: Shapes["Prediction"] }) {
  const say = useSay();
  const { mutate, isPending, isSuccess } = useMutation({
    mutationFn: () =>
      ask(
        api.POST("/v1/predictions/{prediction_id}/cancel", {
          params: { path: { prediction_id: prediction.id } },
        }),
      ),
    onSettled: () => wake(prediction.id),
    onError: (error) => {
      // It has ended while the button was pressed: nothing is left to be done.
      if (!(error instanceof Problem && error.code === "prediction_finished")) say.failed(error);
    },
  });
  if (ended(prediction)) return null;
  const busy = isPending || isSuccess;
  return (
    <Button kind="danger" onClick={() => mutate()} busy={busy}>
      <CircleStop size={15} aria-hidden /> {busy ? "Cancelling…" : "Cancel"}
    </Button>
  );
}

// The run that the address names, live, with what can be done with it.

import { Link } from "@tanstack/react-router";
import { Play } from "lucide-react";
import type { JsonObject } from "@/forms/json";
import { Cancel } from "@/prediction/cancel";
import { useStanding } from "@/prediction/live";
import { PredictionView } from "@/prediction/view";
import { Button } from "@/ui/button";
import styles from "./playground.module.css";

interface Props {
  run: string | undefined;
  /** The form's input as it is now, to tell whether the run's is another. */
  onUse: (input: JsonObject) => void;
}

export function Result({ run, onUse }: Props) {
  if (run === undefined) {
    return (
      <div className={styles.empty}>
        <Play size={22} strokeWidth={1.6} aria-hidden />
        <p>Fill in the form and press Run. How it goes and what comes of it is shown here.</p>
      </div>
    );
  }
  return <PredictionView key={run} id={run} actions={<Actions id={run} onUse={onUse} />} />;
}

function Actions({ id, onUse }: { id: string; onUse: (input: JsonObject) => void }) {
  const { prediction } = useStanding(id);
  if (prediction === undefined) return null;
  const { input } = prediction;
  return (
    <>
      <Cancel prediction={prediction} />
      {input !== null && (
        <Button kind="quiet" onClick={() => onUse(input as JsonObject)}>
          Fill the form with its input
        </Button>
      )}
      <Link to="/predictions/$id" params={{ id }} className={styles.more}>
        Details
      </Link>
    </>
  );
}

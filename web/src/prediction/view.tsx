// A prediction as it goes: status, timeline, output, log, metrics. Used by the playground and by its own page.

import { useQuery } from "@tanstack/react-query";
import { WifiOff } from "lucide-react";
import type { ReactNode } from "react";
import type { Shapes } from "@/api/client";
import { version } from "@/api/queries";
import { Button } from "@/ui/button";
import { Loading } from "@/ui/loading";
import { ProblemNote } from "@/ui/problem-note";
import { Status } from "@/ui/status";
import { Failure } from "./failure";
import type { Schema } from "./kinds";
import { again, ended, type Standing, useLive, useStanding } from "./live";
import { Logs } from "./logs";
import { Metrics, Progress } from "./metrics";
import { Output } from "./output";
import { Timeline } from "./timeline";
import styles from "./view.module.css";

interface Props {
  id: string;
  /** Buttons beside the status. */
  actions?: ReactNode;
}

export function PredictionView({ id, actions }: Props) {
  const standing = useStanding(id);
  const { prediction, problem } = standing;
  if (prediction === undefined) {
    if (problem === undefined) return <Loading lines={5} />;
    return <ProblemNote error={problem} actions={<Button onClick={() => again(id)}>Try again</Button>} />;
  }
  const removed = prediction.input === null;
  return (
    <div className={styles.view}>
      <header className={styles.head}>
        <span role="status">
          <Status of={prediction.status} />
        </span>
        <Connection id={id} standing={standing} />
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </header>
      <Timeline prediction={prediction} />
      <Progress id={id} metrics={prediction.metrics} live={!ended(prediction)} />
      {prediction.error !== null && <Failure error={prediction.error} status={prediction.status} />}
      {!removed && (
        <>
          <div className={styles.both}>
            <TypedOutput prediction={prediction} />
            <Logs id={id} />
          </div>
          <Metrics metrics={prediction.metrics} />
        </>
      )}
    </div>
  );
}

/** The output, with what its version says that it is; without it where that cannot be had. */
function TypedOutput({ prediction }: { prediction: Shapes["Prediction"] }) {
  const live = useLive(prediction.id);
  const { owner, name, version_number } = prediction.model;
  const { data } = useQuery({ ...version(owner, name, version_number), staleTime: Number.POSITIVE_INFINITY });
  const schemas = data?.schemas.prediction;
  return (
    <Output
      value={prediction.output}
      schema={schemas?.output as Schema | undefined}
      streamSchema={(schemas?.stream_output ?? undefined) as Schema | undefined}
      items={live.items}
      text={live.text}
      live={!ended(prediction)}
      nothing={nothing(prediction)}
    />
  );
}

function nothing(prediction: Shapes["Prediction"]): ReactNode {
  const words: Record<string, string> = {
    pending: "Nothing yet: it has not begun.",
    starting: "Nothing yet: the model is being loaded.",
    started: "Nothing yet: it is running.",
    succeeded: "The output is null.",
    failed: "It gave nothing before it failed.",
    cancelled: "It gave nothing before it was cancelled.",
    abandoned: "It never gave anything.",
  };
  return <p className={styles.nothing}>{words[prediction.status]}</p>;
}

function Connection({ id, standing }: { id: string; standing: Standing }) {
  if (standing.problem !== undefined) {
    return (
      <span className={styles.away} role="alert">
        <WifiOff size={14} aria-hidden /> {standing.problem.message}
        <Button kind="quiet" onClick={() => again(id)}>
          Try again
        </Button>
      </span>
    );
  }
  if (standing.connected) return null;
  return (
    <span className={styles.away} role="status">
      <WifiOff size={14} aria-hidden /> The server does not answer. It goes on here when it does.
    </span>
  );
}

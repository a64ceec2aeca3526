// What happens now, for those who run the place: what waits, what runs, how the hour went, and what is broken.

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { SignedIn } from "@/app/signed-in";
import { Button } from "@/ui/button";
import { Empty } from "@/ui/empty";
import { Loading } from "@/ui/loading";
import { Page } from "@/ui/page";
import { ProblemNote } from "@/ui/problem-note";
import { Ago } from "@/ui/time";
import { Broken } from "./broken";
import { Chart } from "./chart";
import { Counts } from "./counts";
import { figuresOf, isQuiet, timesOf } from "./figures";
import { Models } from "./models";
import styles from "./now.module.css";
import { health, type Statistics, statistics } from "./statistics";
import { Workers } from "./workers";

export function NowPage() {
  return (
    <Page title="Now" note="What runs and what waits, and how the last hour went.">
      <SignedIn what="what happens on this server" admin>
        <Problems />
        <Happening />
      </SignedIn>
    </Page>
  );
}

function Problems() {
  const { data } = useQuery(health);
  if (data === undefined || data.problems.length === 0) return null;
  return (
    <section className={styles.problems} role="alert" aria-label="Problems">
      <strong>The server cannot take work.</strong>
      <ul>
        {data.problems.map((problem) => (
          <li key={problem}>{problem}</li>
        ))}
      </ul>
    </section>
  );
}

function Happening() {
  const { data, error, refetch } = useQuery(statistics);
  return (
    <>
      {error !== null && (
        <ProblemNote error={error} actions={<Button onClick={() => void refetch()}>Try again</Button>} />
      )}
      {data === undefined && error === null && <Loading lines={8} />}
      {data !== undefined && <Counts of={data} />}
      {data !== undefined && <Broken versions={data.broken} />}
      {data !== undefined && !isQuiet(data) && <Charts of={data} />}
      {data !== undefined && isQuiet(data) && (
        <Empty title="Nothing has run in the last hour">
          As soon as predictions are made, how many end, wait and fail is drawn here, minute by minute.
        </Empty>
      )}
      <Workers />
      {data !== undefined && <Models rows={data.models} />}
    </>
  );
}

function Charts({ of }: { of: Statistics }) {
  const figures = useMemo(() => figuresOf(of), [of]);
  const times = useMemo(() => timesOf(of.minutes), [of]);
  return (
    <>
      {!of.complete && (
        <p className={styles.note}>
          More has happened than is counted here: the figures begin <Ago at={of.since} />.
        </p>
      )}
      <div className={styles.charts}>
        {figures.map((figure) => (
          <Chart key={figure.title} figure={figure} times={times} />
        ))}
      </div>
    </>
  );
}

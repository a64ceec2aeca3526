// The page of one prediction: how it goes or went, what it was given, who was told, and what can be done with it.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useRouter } from "@tanstack/react-router";
import { FlaskConical, Trash2 } from "lucide-react";
import { type MouseEvent, useState } from "react";
import { api, ask, type Shapes } from "@/api/client";
import { prediction as asked, version } from "@/api/queries";
import { SignedIn } from "@/app/signed-in";
import type { JsonObject } from "@/forms/json";
import { linkOf } from "@/playground/link";
import { Cancel } from "@/prediction/cancel";
import { Deliveries } from "@/prediction/deliveries";
import type { Schema } from "@/prediction/kinds";
import { again, ended, useStanding } from "@/prediction/live";
import { PredictionView } from "@/prediction/view";
import { asButton, Button } from "@/ui/button";
import { Copy } from "@/ui/copy";
import { Dialog } from "@/ui/dialog";
import { Empty } from "@/ui/empty";
import { Loading } from "@/ui/loading";
import { useSay } from "@/ui/notices";
import { Page } from "@/ui/page";
import { ProblemNote } from "@/ui/problem-note";
import { Ago } from "@/ui/time";
import { Code } from "./code";
import { Given } from "./given";
import styles from "./one.module.css";

type Prediction = Shapes["Prediction"];

export function PredictionPage() {
  const { id } = useParams({ from: "/predictions/$id" });
  return (
    <SignedIn what="this prediction">
      <One key={id} id={id} />
    </SignedIn>
  );
}

function One({ id }: { id: string }) {
  const { prediction, problem } = useStanding(id);
  if (prediction !== undefined) return <Known prediction={prediction} />;
  if (problem === undefined) {
    return (
      <Page title="Prediction">
        <Loading lines={6} />
      </Page>
    );
  }
  return (
    <Page title="Prediction">
      {problem.status === 404 || problem.status === 422 ? (
        <Empty
          title="There is no such prediction here"
          actions={<Link to="/predictions">To your predictions</Link>}
        >
          The link may be mistyped, or the prediction belongs to another account: then only that account can
          see it.
        </Empty>
      ) : (
        <ProblemNote error={problem} actions={<Button onClick={() => again(id)}>Try again</Button>} />
      )}
    </Page>
  );
}

function Known({ prediction }: { prediction: Prediction }) {
  const { owner, name, version_number } = prediction.model;
  const over = ended(prediction);
  return (
    <Page
      title="Prediction"
      window={`Prediction on ${owner}/${name}`}
      note={<About prediction={prediction} />}
    >
      {prediction.input === null && <Removed />}
      <PredictionView
        id={prediction.id}
        actions={
          <>
            <Cancel prediction={prediction} />
            {prediction.input !== null && <Reopen prediction={prediction} />}
            {over && prediction.input !== null && <Delete prediction={prediction} />}
          </>
        }
      />
      {prediction.input !== null && (
        <>
          <Input prediction={prediction} input={prediction.input} />
          <Deliveries id={prediction.id} over={over} />
          <Code owner={owner} name={name} version={version_number} input={prediction.input as JsonObject} />
        </>
      )}
    </Page>
  );
}

/** Which model, when, and its id. */
function About({ prediction }: { prediction: Prediction }) {
  const { owner, name, version_number } = prediction.model;
  return (
    <div className={styles.about}>
      <Link to="/models/$owner/$name" params={{ owner, name }} search={{ version: version_number }}>
        {owner}/{name}:{version_number}
      </Link>
      <span>
        created <Ago at={prediction.created_at} />
      </span>
      {prediction.stream && <span>streams</span>}
      <span className={styles.id}>
        <code>{prediction.id}</code>
        <Copy text={prediction.id} what="the id" />
      </span>
    </div>
  );
}

/** What the version says that its input is tells secrets and files from other texts. */
function Input({ prediction, input }: { prediction: Prediction; input: Record<string, unknown> }) {
  const { owner, name, version_number } = prediction.model;
  const { data } = useQuery({ ...version(owner, name, version_number), staleTime: Number.POSITIVE_INFINITY });
  return <Given input={input} schema={data?.schemas.prediction.input as Schema | undefined} />;
}

/** The form with the same input. A link of the router's would take the hash for a place on the page. */
function Reopen({ prediction }: { prediction: Prediction }) {
  const { owner, name, version_number } = prediction.model;
  const router = useRouter();
  const href = linkOf(owner, name, version_number, prediction.input as JsonObject);
  const go = (event: MouseEvent) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    router.history.push(href);
  };
  return (
    <a className={asButton} href={href} onClick={go}>
      <FlaskConical size={15} aria-hidden /> Open in playground
    </a>
  );
}

function Removed() {
  return (
    <Empty title="Its contents were removed">
      Input, output, log and metrics are gone: somebody deleted them, or their time was over. How it ended
      stays known.
    </Empty>
  );
}

function Delete({ prediction }: { prediction: Prediction }) {
  const [asking, setAsking] = useState(false);
  const say = useSay();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { mutate, isPending } = useMutation({
    mutationFn: () =>
      ask(
        api.DELETE("/v1/predictions/{prediction_id}", { params: { path: { prediction_id: prediction.id } } }),
      ),
    onSuccess: async () => {
      say("The prediction's contents are deleted.");
      await navigate({ to: "/predictions" });
      queries.removeQueries({ queryKey: asked(prediction.id).queryKey });
      again(prediction.id);
    },
    onError: (error) => say.failed(error),
    onSettled: () => setAsking(false),
  });
  return (
    <>
      <Button onClick={() => setAsking(true)}>
        <Trash2 size={15} aria-hidden /> Delete
      </Button>
      <Dialog
        title="Delete this prediction?"
        open={asking}
        onClose={() => setAsking(false)}
        actions={
          <>
            <Button onClick={() => setAsking(false)}>Keep it</Button>
            <Button kind="danger" busy={isPending} onClick={() => mutate()}>
              Delete it
            </Button>
          </>
        }
      >
        <p>
          Its input, output, files, log and metrics are removed for good, and links to its files stop working.
          Its id and how it ended stay in the list.
        </p>
      </Dialog>
    </>
  );
}

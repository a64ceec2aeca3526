// The playground: a form made from the version's schema on the left, the run on the right.

import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useRouterState, useSearch } from "@tanstack/react-router";
import { Link2, Play, RotateCcw } from "lucide-react";
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { Problem } from "@/api/problem";
import { useSession } from "@/app/session";
import { UseFromCode } from "@/code/use-from-code";
import { InputForm } from "@/forms/input-form";
import type { JsonObject } from "@/forms/json";
import { type View, Views } from "@/forms/views";
import { useModelVersion } from "@/model/hooks";
import { SignInHere } from "@/signin/here";
import { Button } from "@/ui/button";
import { Loading } from "@/ui/loading";
import { useSay } from "@/ui/notices";
import { Panel } from "@/ui/panel";
import { ProblemNote } from "@/ui/problem-note";
import { shareable } from "./drafts";
import { linkOf } from "./link";
import styles from "./playground.module.css";
import { Recent, recentRuns } from "./recent";
import { Result } from "./result";
import { type Standing, StandingNote, standingOf } from "./standing";
import { type FormInput, useInput } from "./use-input";
import { useRun } from "./use-run";

const FORM = "playground";
const RESULT = "result";

export function PlaygroundPage() {
  const { owner, name } = useModelVersion();
  const me = useSession();
  const last = useRef("");
  if (me === undefined) return <Loading lines={5} />;
  // A session that ends leaves the form as it is, for whoever signs in again.
  last.current = me.user?.name ?? last.current;
  // Another model has another form, and so has somebody else.
  return <Playground key={`${owner}/${name} ${last.current}`} user={me.user?.name ?? null} />;
}

function Playground({ user }: { user: string | null }) {
  const here = useModelVersion();
  const { owner, name, version, pinned } = here;
  const { run } = useSearch({ from: "/models/$owner/$name/" });
  const schema = version.schemas.prediction.input as JsonObject;
  const input = useInput(`${owner}/${name}`, schema, run, user);
  const standing = standingOf(here);
  const running = useRuns(owner, name);
  const submit = () => {
    const stream = version.schemas.prediction.stream_output != null;
    if (input.value !== null && standing === "open" && !running.running) {
      running.run(`${owner}/${name}:${version.number}`, input.value, stream);
    }
  };
  const [view, show] = useState<View>("form");
  useRunKey();
  return (
    <div className={styles.page}>
      <StandingNote here={here} />
      <div className={styles.both}>
        <Panel
          title="Input"
          actions={
            <>
              <Views form={FORM} view={view} show={show} />
              <FormActions input={input} schema={schema} pinned={pinned} />
            </>
          }
        >
          {input.value === null ? (
            <Loading lines={5} />
          ) : (
            <>
              <InputForm
                key={`${version.number} ${input.round}`}
                id={FORM}
                schema={schema}
                value={input.value}
                onChange={input.change}
                places={running.places}
                onSubmit={submit}
                view={view}
              />
              {running.problem !== null && <Refusal problem={running.problem} />}
            </>
          )}
          <Bar standing={standing} busy={running.running} again={run !== undefined} />
        </Panel>
        <div id={RESULT} className={styles.right}>
          <Panel title="Result">
            <Result run={run} onUse={(used) => input.replace(shareable(schema, used))} />
          </Panel>
          {here.signedIn && <Recent owner={owner} name={name} run={run} />}
        </div>
      </div>
      {input.value !== null && <Code input={input.value} />}
    </div>
  );
}

/** Runs, and what the server said of the last one that it refused. */
function useRuns(owner: string, name: string) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { run, running, error } = useRun((prediction) => {
    void navigate({
      to: "/models/$owner/$name",
      params: { owner, name },
      search: (search) => ({ ...search, run: prediction.id }),
      resetScroll: false,
    });
    void queries.invalidateQueries({ queryKey: recentRuns(owner, name).queryKey });
    // Where it stands below the form, nobody would see that anything happens.
    if (matchMedia("(width < 64rem)").matches) document.getElementById(RESULT)?.scrollIntoView();
  });
  const places = useMemo(
    () => (error instanceof Problem ? error.places.filter((place) => place.loc[1] === "input") : []),
    [error],
  );
  return { run, running, places, problem: places.length > 0 ? null : error };
}

function Refusal({ problem }: { problem: Error }) {
  const signedOut = problem instanceof Problem && problem.status === 401;
  return <ProblemNote error={problem} actions={signedOut ? <SignInHere /> : undefined} />;
}

/** Ctrl+Enter runs, from wherever one is on the page. */
function useRunKey() {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat) return;
      const form = document.getElementById(FORM);
      if (!(form instanceof HTMLFormElement) || document.querySelector("dialog[open]") !== null) return;
      event.preventDefault();
      form.requestSubmit();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
}

function Bar({ standing, busy, again }: { standing: Standing; busy: boolean; again: boolean }) {
  const href = useRouterState({ select: (state) => state.location.href });
  return (
    <div className={styles.bar}>
      {standing === "visitor" ? (
        <Link to="/sign-in" search={{ next: href }} className={styles.signIn}>
          Sign in to run it
        </Link>
      ) : (
        <Button kind="primary" type="submit" form={FORM} busy={busy} disabled={standing !== "open"}>
          <Play size={15} aria-hidden />
          {again ? "Run again" : "Run"}
        </Button>
      )}
      {standing === "open" && (
        <span className={styles.key}>
          <kbd>Ctrl</kbd> <kbd>Enter</kbd>
        </span>
      )}
    </div>
  );
}

function FormActions({ input, schema, pinned }: { input: FormInput; schema: JsonObject; pinned: boolean }) {
  const { owner, name, version } = useModelVersion();
  const say = useSay();
  const copy = async () => {
    const shared = shareable(schema, input.value ?? {});
    const link = linkOf(owner, name, pinned ? version.number : undefined, shared);
    try {
      await navigator.clipboard.writeText(window.location.origin + link);
      say("Copied a link that opens this form as it is. Secrets are left out.");
    } catch {
      say.failed(new Error("The browser did not let the page copy."));
    }
  };
  return (
    <>
      <Button kind="quiet" disabled={input.value === null} onClick={() => void copy()}>
        <Link2 size={15} aria-hidden />
        <span className={styles.word}>Copy link</span>
      </Button>
      <Button kind="quiet" onClick={input.reset}>
        <RotateCcw size={14} aria-hidden />
        <span className={styles.word}>Reset</span>
      </Button>
    </>
  );
}

function Code({ input }: { input: JsonObject }) {
  const { owner, name, version, pinned } = useModelVersion();
  // Not at every key that is pressed.
  const shown = useDeferredValue(input);
  return (
    <Panel title="Use it from code" bare>
      <UseFromCode owner={owner} name={name} version={version} pinned={pinned} input={shown} />
    </Panel>
  );
}

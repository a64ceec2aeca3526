// What a model's page says where there is no such model, no version, or not the one that was asked for.

import { useQuery } from "@tanstack/react-query";
import { Link, useRouterState } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Problem } from "@/api/problem";
import { session } from "@/api/queries";
import { Command } from "@/ui/command";
import { Empty } from "@/ui/empty";
import { Page } from "@/ui/page";
import { ProblemNote } from "@/ui/problem-note";
import { useModel } from "./hooks";
import styles from "./missing.module.css";

interface MissingProps {
  error: Error;
  name: string;
  /** What is shown for every other failure. */
  children: ReactNode;
}

/** That a model is not there, or not the caller's to see: the API does not tell which, and neither does this. */
export function ModelMissing({ error, name, children }: MissingProps) {
  const { data: me } = useQuery(session);
  const next = useRouterState({ select: (state) => state.location.href });
  if (!(error instanceof Problem && error.status === 404)) return children;
  const visitor = me !== undefined && me.user === null;
  return (
    <Page title="There is no such model here, or you may not see it" window={name}>
      <p>
        {visitor
          ? "A private model is shown to its owner alone. If this is yours, sign in to see it."
          : "It may have another name now, or its owner may keep it private."}
      </p>
      <p className={styles.ways}>
        {visitor && (
          <Link to="/sign-in" search={{ next }}>
            Sign in
          </Link>
        )}
        <Link to="/">All models</Link>
      </p>
    </Page>
  );
}

/** That a model has no version yet, and how its owner gets one. */
export function NoVersion() {
  const { owner, name, mayChange } = useModel();
  return (
    <Empty title="This model has no version yet">
      {mayChange ? (
        <>
          <p>A version is what runs. Push one from a folder or a Python file:</p>
          <Command text={`augury push <folder> ${owner}/${name}`} what="command" />
        </>
      ) : (
        <p>It can be tried as soon as its owner has pushed one.</p>
      )}
    </Empty>
  );
}

/** That the version of the address cannot be shown, and a way to the latest one. */
export function LatestInstead({ error }: { error: Error }) {
  const { owner, name } = useModel();
  return (
    <ProblemNote
      error={error}
      actions={
        <Link to="/models/$owner/$name" params={{ owner, name }}>
          Show the latest version
        </Link>
      }
    />
  );
}

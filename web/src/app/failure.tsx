// What is shown where a page cannot be: nothing has this address, or its code failed.

import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { Button } from "@/ui/button";
import { Empty } from "@/ui/empty";
import { ProblemNote } from "@/ui/problem-note";

/** A page that is not there. */
export function Missing() {
  return (
    <Empty title="There is nothing at this address" actions={<Link to="/">To the models</Link>}>
      The link may be old, or mistyped.
    </Empty>
  );
}

/** A page that failed; `error` is a Problem of the API, or a mistake of ours. */
export function Failure({ error, reset }: ErrorComponentProps) {
  return <ProblemNote error={error} actions={<Button onClick={reset}>Try again</Button>} />;
}

// What is shown where a page cannot be: nothing has this address, or its code failed.

import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { Problem } from "@/api/problem";
import { Button } from "@/ui/button";
import { Page } from "@/ui/page";
import { ProblemNote } from "@/ui/problem-note";

/** A page that is not there. */
export function Missing() {
  return (
    <Page title="There is nothing at this address">
      <p>
        The link may be old, or mistyped. <Link to="/">To the models</Link>
      </p>
    </Page>
  );
}

/** A page that failed; `error` is a Problem of the API, or a mistake of ours, which nothing but a new beginning mends. */
export function Failure({ error, reset }: ErrorComponentProps) {
  const again = error instanceof Problem ? reset : () => window.location.reload();
  return (
    <Page title="This page cannot be shown">
      <ProblemNote error={error} actions={<Button onClick={again}>Try again</Button>} />
    </Page>
  );
}

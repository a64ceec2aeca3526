// Signing in: by the code of a link, which is used at once, or by a token. Whoever is signed in sees who.

import { useRouter, useRouterState, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useState } from "react";
import { takeCode } from "@/app/arrival";
import { wayOn } from "@/app/next";
import { signIn, useSession } from "@/app/session";
import { Button } from "@/ui/button";
import { Loading } from "@/ui/loading";
import { Page } from "@/ui/page";
import { ProblemNote } from "@/ui/problem-note";
import { SignOut } from "./sign-out";
import styles from "./signin.module.css";
import { TokenForm } from "./token-form";
import { WhereFrom } from "./where-from";

export function SignInPage() {
  const { next } = useSearch({ from: "/sign-in" });
  const router = useRouter();
  const goOn = useCallback(() => router.history.replace(wayOn(next, location.origin)), [router, next]);
  const link = useLink(goOn);
  const me = useSession();
  return (
    <Page title="Sign in">
      <div className={styles.column}>
        {link.busy && <Loading lines={2} />}
        {link.error !== undefined && (
          <ProblemNote
            error={link.error}
            actions={link.again && <Button onClick={link.again}>Try again</Button>}
          />
        )}
        {!link.busy && me?.user != null && <Already name={me.user.name} onGoOn={goOn} />}
        {!link.busy && me?.user === null && (
          <div className={styles.card}>
            <TokenForm onDone={goOn} />
          </div>
        )}
        {!link.busy && me?.user === null && <WhereFrom />}
      </div>
    </Page>
  );
}

/** Signs in with the code of the link that this page was opened by, if it was. */
function useLink(goOn: () => void) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [code, setCode] = useState<string | null>(null);
  const hash = useRouterState({ select: (state) => state.location.hash });
  const use = useCallback(
    async (one: string) => {
      setBusy(true);
      setError(undefined);
      try {
        await signIn({ code: one });
        setCode(null);
        goOn();
      } catch (failure) {
        setError(failure);
      } finally {
        setBusy(false);
      }
    },
    [goOn],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: another link in the same tab changes the hash alone.
  useEffect(() => {
    const taken = takeCode();
    if (taken === null) return;
    setCode(taken);
    void use(taken);
  }, [hash, use]);
  // A code that was refused is used up, or too old: only one that never arrived is worth another attempt.
  const again = code !== null && isAway(error) ? () => void use(code) : undefined;
  return { busy, error, again };
}

function isAway(error: unknown): boolean {
  return error instanceof Error && "offline" in error && error.offline === true;
}

function Already({ name, onGoOn }: { name: string; onGoOn: () => void }) {
  return (
    <section className={styles.card} aria-label="Signed in">
      <p>
        You are signed in as <strong>{name}</strong>.
      </p>
      <div className={styles.row}>
        <Button kind="primary" onClick={onGoOn}>
          Go on
        </Button>
        <SignOut />
      </div>
    </section>
  );
}

// Whether the chosen version can be run by whoever looks at it, and what to do where it cannot.

import { Link } from "@tanstack/react-router";
import { CircleAlert, Lock } from "lucide-react";
import type { ReactNode } from "react";
import type { ModelHere } from "@/model/hooks";
import styles from "./standing.module.css";

export type Standing = "open" | "visitor" | "restricted";

/** What keeps the caller from running it; a broken version may be tried, the server says what comes of it. */
export function standingOf({ signedIn, version }: ModelHere): Standing {
  if (!signedIn) return "visitor";
  // What names the files is left out for those who may see it only.
  return version !== null && !version.container_image_digest ? "restricted" : "open";
}

export function StandingNote({ here }: { here: ModelHere }) {
  const { owner, name, mayChange, version } = here;
  if (standingOf(here) === "restricted") {
    return (
      <Note icon={<Lock size={17} aria-hidden />} title="You may see this model, but not run it.">
        Ask {owner} to share it with you.
      </Note>
    );
  }
  if (version?.broken_reason == null) return null;
  return (
    <Note icon={<CircleAlert size={17} aria-hidden />} title={`Version ${version.number} does not start.`}>
      <p className={styles.reason}>{version.broken_reason}</p>
      {mayChange ? (
        <p>
          Push a version that is mended.{" "}
          <Link to="/models/$owner/$name/versions" params={{ owner, name }}>
            Its versions
          </Link>{" "}
          have the log of the attempt.
        </p>
      ) : (
        <p>{owner} has to mend it. Choose another version above, if there is one.</p>
      )}
    </Note>
  );
}

function Note({ icon, title, children }: { icon: ReactNode; title: string; children: ReactNode }) {
  return (
    <section className={styles.note} role="status">
      {icon}
      <div className={styles.words}>
        <p className={styles.title}>{title}</p>
        <div>{children}</div>
      </div>
    </section>
  );
}

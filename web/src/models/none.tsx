// What the list of models says where it has none: how to push the first one, or how to see others.

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { session } from "@/api/queries";
import { Button } from "@/ui/button";
import { Command } from "@/ui/command";
import { Empty } from "@/ui/empty";
import styles from "./none.module.css";

/** For a server that has no model which the caller may see. */
export function NothingYet() {
  const { data: me } = useQuery(session);
  if (me === undefined) return null;
  if (me.user === null) {
    return (
      <Empty title="No public models yet" actions={<Link to="/sign-in">Sign in</Link>}>
        Models that everyone may use will be here. Sign in to see your own, and to push one.
      </Empty>
    );
  }
  return (
    <Empty title="Push your first model">
      <p>A Python file or a folder is all it takes. In a terminal, in the folder that Augury came in:</p>
      <div className={styles.commands}>
        <Command text="augury push examples/readability.py readability" what="command for a file" />
        <Command text="augury push examples/ocr ocr" what="command for a folder" />
      </div>
      <p>The model is here as soon as it is pushed.</p>
    </Empty>
  );
}

/** For words and filters that no model fits. */
export function NothingFits({ clear }: { clear: () => void }) {
  return (
    <Empty title="No model fits" actions={<Button onClick={clear}>Clear search and filters</Button>}>
      Try fewer or other words, or another status.
    </Empty>
  );
}

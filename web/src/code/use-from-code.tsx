// The code that makes the same call as the form: a tab for each language and client.

import * as Tabs from "@radix-ui/react-tabs";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { Shapes } from "@/api/client";
import type { JsonObject } from "@/forms/json";
import { Command } from "@/ui/command";
import { Code } from "./highlight";
import { type Way, waysOf } from "./snippets";
import styles from "./use-from-code.module.css";

interface Props {
  owner: string;
  name: string;
  version: Shapes["Version"];
  /** Whether just that version is called, and not the latest one. */
  pinned: boolean;
  /** What is in the form now; its secrets are not shown. */
  input: JsonObject;
}

const KEPT = "augury:code";

export function UseFromCode({ owner, name, version, pinned, input }: Props) {
  const ways = useMemo(
    () =>
      waysOf({
        origin: window.location.origin,
        owner,
        name,
        version: pinned ? version.number : undefined,
        input,
        schema: version.schemas.prediction.input,
        compatibilities: version.compatibilities,
        stream: version.schemas.prediction.stream_output ?? null,
      }),
    [owner, name, version, pinned, input],
  );
  const [chosen, choose] = useState(() => sessionStorage.getItem(KEPT) ?? "");
  const shown = ways.some((way) => way.id === chosen) ? chosen : (ways[0]?.id ?? "");
  const keep = (id: string) => {
    sessionStorage.setItem(KEPT, id);
    choose(id);
  };
  return (
    <Tabs.Root className={styles.root} value={shown} onValueChange={keep}>
      <Tabs.List className={styles.list} aria-label="Language or client">
        {ways.map((way) => (
          <Tabs.Trigger key={way.id} value={way.id} className={styles.tab}>
            {way.name}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {ways.map((way) => (
        <Tabs.Content key={way.id} value={way.id} className={styles.way} tabIndex={-1}>
          <Samples way={way} />
        </Tabs.Content>
      ))}
      <p className={styles.note}>
        The samples read your token from <code>AUGURY_TOKEN</code>. Make one in{" "}
        <Link to="/settings/$part" params={{ part: "tokens" }}>
          Settings
        </Link>
        , and set it once: <code>export AUGURY_TOKEN=…</code>
      </p>
    </Tabs.Root>
  );
}

function Samples({ way }: { way: Way }) {
  return (
    <>
      {way.install !== null && <Command text={way.install} what="install command" />}
      {way.samples().map((sample) => (
        <Code key={sample.title} text={sample.text} language={sample.language} label={sample.title} />
      ))}
      {way.note !== null && <p className={styles.note}>{way.note}</p>}
    </>
  );
}

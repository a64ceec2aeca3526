// The tab "Code": how to call the model from a program, filled with what the playground's form has.

import { useRouterState } from "@tanstack/react-router";
import { useMemo } from "react";
import { UseFromCode } from "@/code/use-from-code";
import { initialInput } from "@/forms/initial";
import { draftOf } from "@/playground/drafts";
import { inputOfLink } from "@/playground/link";
import { Panel } from "@/ui/panel";
import { useModelVersion } from "./hooks";

export function CodePage() {
  const { owner, name, version, pinned } = useModelVersion();
  const hash = useRouterState({ select: (state) => state.location.hash });
  const schema = version.schemas.prediction.input;
  const input = useMemo(
    () => inputOfLink(hash) ?? draftOf(`${owner}/${name}`) ?? initialInput(schema),
    [hash, owner, name, schema],
  );
  return (
    <Panel title="Use from code" bare>
      <UseFromCode owner={owner} name={name} version={version} pinned={pinned} input={input} />
    </Panel>
  );
}

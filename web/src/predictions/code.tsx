// The code that makes the same call again, folded away until somebody wants it.

import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { version as asked } from "@/api/queries";
import { fetched } from "@/app/fetched";
import type { JsonObject } from "@/forms/json";
import { Loading } from "@/ui/loading";
import styles from "./one.module.css";

const UseFromCode = lazy(
  fetched(async () => ({ default: (await import("@/code/use-from-code")).UseFromCode })),
);

interface Props {
  owner: string;
  name: string;
  version: number;
  input: JsonObject;
}

export function Code({ owner, name, version, input }: Props) {
  const [open, setOpen] = useState(false);
  const { data } = useQuery({ ...asked(owner, name, version), staleTime: Number.POSITIVE_INFINITY });
  if (data === undefined) return null;
  return (
    <details className={styles.code} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <h2>Use it from code</h2>
      </summary>
      {open && (
        <Suspense fallback={<Loading />}>
          <UseFromCode owner={owner} name={name} version={data} pinned input={input} />
        </Suspense>
      )}
    </details>
  );
}

// The choice of the version that a model's page shows. It is kept in the address, so that it can be linked to.

import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useId } from "react";
import { versions as versionsOf } from "@/api/queries";
import styles from "./head.module.css";
import { useModel } from "./hooks";

export function VersionSwitch({ number }: { number: number }) {
  const id = useId();
  const { owner, name, model } = useModel();
  const navigate = useNavigate();
  const { data } = useInfiniteQuery(versionsOf(owner, name));
  const latest = model.latest_version?.number ?? number;
  const known = data?.pages.flatMap((page) => page.items.map((version) => version.number)) ?? [];
  const numbers = [...new Set([latest, ...known, number])].sort((one, other) => other - one);
  const choose = (chosen: number) =>
    void navigate({
      to: ".",
      search: (search) => ({ ...search, version: chosen === latest ? undefined : chosen }),
      hash: true,
      replace: false,
    });
  return (
    <div className={styles.switch}>
      <label htmlFor={id}>Version</label>
      <select
        id={id}
        className={styles.select}
        value={number}
        onChange={(event) => choose(Number(event.target.value))}
      >
        {numbers.map((one) => (
          <option key={one} value={one}>
            {one === latest ? `${one} (latest)` : one}
          </option>
        ))}
      </select>
    </div>
  );
}

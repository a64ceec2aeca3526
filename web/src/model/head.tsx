// The head of a model's page: whose it is, what it is called, how it is, which version is shown.

import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { Status } from "@/ui/status";
import { Visibility } from "@/ui/visibility";
import styles from "./head.module.css";
import { useModel } from "./hooks";
import { VersionSwitch } from "./version-switch";

/** `number` is that of the version which the address asks for, 0 where there is none. */
export function Head({ number }: { number: number }) {
  const { owner, name, model } = useModel();
  useEffect(() => {
    document.title = `${owner}/${name} · Augury`;
  }, [owner, name]);
  return (
    <header className={styles.head}>
      <div className={styles.words}>
        <div className={styles.line}>
          <h1 className={styles.name}>
            <Link to="/" search={{ q: model.owner.name }} className={styles.owner}>
              {model.owner.name}
            </Link>
            <span className={styles.slash}>/</span>
            {model.name}
          </h1>
          <Status of={model.status} />
          <Visibility of={model.visibility} />
        </div>
        {model.description !== null && model.description !== "" && (
          <p className={styles.description}>{model.description}</p>
        )}
      </div>
      {number > 0 && <VersionSwitch number={number} />}
    </header>
  );
}

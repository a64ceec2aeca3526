// The name of a model's version, which leads to it.

import { Link } from "@tanstack/react-router";
import type { Shapes } from "@/api/client";
import styles from "./now.module.css";

export function ModelLink({ model: { owner, name, version_number } }: { model: Shapes["ModelReference"] }) {
  return (
    <Link to="/models/$owner/$name/overview" params={{ owner, name }} search={{ version: version_number }}>
      <span className={styles.owner}>{owner}/</span>
      <span className={styles.name}>{name}</span>
      <span className={styles.owner}>:{version_number}</span>
    </Link>
  );
}

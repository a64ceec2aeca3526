// Models as cards, each of which is one link.

import { Link } from "@tanstack/react-router";
import { useId } from "react";
import { Status } from "@/ui/status";
import { Ago } from "@/ui/time";
import { Visibility } from "@/ui/visibility";
import { moveAmongCards } from "./arrows";
import styles from "./cards.module.css";
import type { ModelSummary } from "./queries";

const COUNT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const CATEGORIES = 3;

/** `quiet`: the title is there for those who cannot see that these are the models. */
export function Cards({
  models,
  title,
  quiet = false,
}: {
  models: ModelSummary[];
  title: string;
  quiet?: boolean;
}) {
  const heading = useId();
  return (
    <section aria-labelledby={heading} className={styles.section}>
      <h2 id={heading} className={quiet ? "visually-hidden" : styles.title}>
        {title}
      </h2>
      <ul className={styles.cards} onKeyDown={moveAmongCards}>
        {models.map((model) => (
          <Card key={model.id} model={model} />
        ))}
      </ul>
    </section>
  );
}

function Card({ model }: { model: ModelSummary }) {
  const { owner, name, description, categories, predictions_count: runs } = model;
  return (
    <li className={styles.card}>
      <div className={styles.head}>
        <Link
          to="/models/$owner/$name"
          params={{ owner: owner.name, name }}
          className={styles.name}
          data-card
        >
          <span className={styles.owner}>{owner.name}/</span>
          {name}
        </Link>
        <Status of={model.status} />
      </div>
      {description !== null && description !== "" && <p className={styles.description}>{description}</p>}
      <div className={styles.foot}>
        {model.visibility !== "public" && <Visibility of={model.visibility} />}
        {categories.slice(0, CATEGORIES).map((category) => (
          <span key={category.slug} className={styles.category}>
            {category.name}
          </span>
        ))}
        {categories.length > CATEGORIES && <span>+{categories.length - CATEGORIES}</span>}
        <span className={styles.facts}>
          {runs === 0 ? "no runs" : `${COUNT.format(runs)} ${runs === 1 ? "run" : "runs"}`}
          <span aria-hidden> · </span>
          <Ago at={model.updated_at ?? model.created_at} />
        </span>
      </div>
    </li>
  );
}

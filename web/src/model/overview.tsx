// The tab "Overview": what the owner says about the model, what is known of it, and what its owner can do with it.

import { Empty } from "@/ui/empty";
import { Markdown } from "@/ui/markdown";
import { DeleteModel } from "./delete";
import { EditModel } from "./edit";
import { Facts } from "./facts";
import { useModel } from "./hooks";
import styles from "./overview.module.css";
import { Sharing } from "./sharing";

export function OverviewPage() {
  const { model, mayChange } = useModel();
  const said = model.overview !== null && model.overview.trim() !== "";
  return (
    <div className={styles.columns}>
      <section className={styles.text} aria-label="Overview">
        {mayChange && (
          <div className={styles.actions}>
            <EditModel />
            {model.visibility === "restricted" && <Sharing />}
            <DeleteModel />
          </div>
        )}
        {said ? <Markdown text={model.overview ?? ""} level={2} /> : <Unsaid mayChange={mayChange} />}
      </section>
      <Facts />
    </div>
  );
}

function Unsaid({ mayChange }: { mayChange: boolean }) {
  return (
    <Empty title="No overview yet">
      <p>
        {mayChange
          ? "Say in Markdown what the model does, what it is good at, and where it fails. Edit puts it here."
          : "Its owner has not described it. The playground shows what it takes."}
      </p>
    </Empty>
  );
}

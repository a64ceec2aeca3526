// Why a prediction did not succeed: what was said, whose fault it was, where in the model's code, and what to do.

import { CircleAlert } from "lucide-react";
import type { Shapes } from "@/api/client";
import type { Place } from "@/api/problem";
import { Copy } from "@/ui/copy";
import { plain } from "./ansi";
import styles from "./failure.module.css";

type PredictionError = Shapes["PredictionError"];

export function Failure({ error, status }: { error: PredictionError; status: string }) {
  const detail = detailOf(error.detail);
  const advice = ADVICE[detail.type ?? ""] ?? (error.source === "internal" ? RUN_AGAIN : READ_IT);
  return (
    <section className={styles.failure} data-status={status} aria-label="Why it did not succeed">
      <CircleAlert size={18} aria-hidden />
      <div className={styles.words}>
        <p className={styles.message}>{plain(error.message)}</p>
        <p className={styles.source}>
          {error.source === "external" ? "The model or its input caused this" : "The platform caused this"}
          {detail.type !== null && (
            <>
              {" "}
              (<code>{detail.type}</code>)
            </>
          )}
          . {detail.exit !== null && `Its process ended: ${detail.exit}. `}
          {status !== "cancelled" && advice}
        </p>
        <Problems problems={detail.problems} />
        <Fold title="Traceback" lines={detail.traceback} open />
        <Fold title="What it wrote last" lines={detail.logs} open={detail.traceback.length === 0} />
      </div>
    </section>
  );
}

const READ_IT = "The traceback and the log say where.";
const RUN_AGAIN = "Run it again; if it stays so, tell whoever runs this server.";

/** What to do, by what the platform calls it (docs/errors.md). */
const ADVICE: Record<string, string> = {
  setup_failed:
    "The version cannot start. Its owner has to push one that does; the setup log says what is wrong.",
  setup_timeout: "The version takes too long to start. Its owner can raise its setup limit.",
  exit: "What it wrote last may say why. Run it again, or give it less to do.",
  run_timeout: "Give it less to do, or raise the version's run limit.",
  deadline:
    "It was not begun, or not done, in the time that it was given. Run it again when less is waiting.",
  output_mismatch: "The model gave something else than it promised. Its owner has to mend that.",
  stream_diverged: "The model gives something else each time. Run it again.",
  circuit_open: "Workers of this version keep dying, so it rests for a while. Try again in a few minutes.",
  secrets_lost: "Run it again, and give the secrets anew.",
  abandoned: "The platform lost it too often. Run it again.",
  version_deleted: "Choose another version, and run it again.",
  model_deleted: "The model is gone.",
  storage: "Run it again; if it stays so, tell whoever runs this server.",
};

function Problems({ problems }: { problems: readonly Place[] }) {
  if (problems.length === 0) return null;
  return (
    <ul className={styles.problems}>
      {problems.map((one) => (
        <li key={`${one.loc.join(".")} ${one.msg}`}>
          <code>{plain(one.loc.join("."))}</code> {plain(one.msg)}
        </li>
      ))}
    </ul>
  );
}

function Fold({ title, lines, open }: { title: string; lines: readonly string[]; open: boolean }) {
  if (lines.length === 0) return null;
  const text = lines.map((line) => line.split("\n").map(plain).join("\n")).join("\n");
  return (
    <details className={styles.fold} open={open}>
      <summary>{title}</summary>
      <div className={styles.lines}>
        <pre tabIndex={0} role="region" aria-label={title}>
          {text}
        </pre>
        <Copy text={text} what={title.toLowerCase()} />
      </div>
    </details>
  );
}

interface Detail {
  type: string | null;
  exit: string | null;
  traceback: string[];
  logs: string[];
  problems: Place[];
}

function detailOf(detail: unknown): Detail {
  const told = typeof detail === "object" && detail !== null ? (detail as Record<string, unknown>) : {};
  return {
    type: typeof told.type === "string" ? plain(told.type) : null,
    exit: typeof told.exit === "string" ? plain(told.exit) : null,
    traceback: texts(told.traceback),
    logs: texts(told.logs),
    problems: Array.isArray(told.problems) ? told.problems.filter(isPlace) : [],
  };
}

function texts(value: unknown): string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  return Array.isArray(value) ? value.map((one) => String(one).replace(/\n$/, "")) : [];
}

function isPlace(value: unknown): value is Place {
  const found = value as Partial<Place> | null;
  return (
    typeof found === "object" && found !== null && Array.isArray(found.loc) && typeof found.msg === "string"
  );
}

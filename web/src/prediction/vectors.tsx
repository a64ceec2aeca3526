// Lists of numbers: how many, how long, and how they begin.

import styles from "./vectors.module.css";

const SHOWN = 8;
const ROWS = 50;

export function Vectors({ vectors }: { vectors: readonly (readonly number[])[] }) {
  const length = vectors[0]?.length ?? 0;
  const even = vectors.every((one) => one.length === length);
  const many = vectors.length === 1 ? "A vector" : `${vectors.length.toLocaleString("en")} vectors`;
  return (
    <div className={styles.vectors}>
      <p className={styles.about}>
        {many} of {even ? `${length.toLocaleString("en")} numbers` : "numbers, of different lengths"}
      </p>
      <ol className={styles.list}>
        {vectors.slice(0, ROWS).map((vector, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: none moves
          <li key={place}>
            {vectors.length > 1 && <span className={styles.place}>{place}</span>}
            <code>{beginning(vector)}</code>
            <span className={styles.norm}>length {norm(vector)}</span>
          </li>
        ))}
      </ol>
      {vectors.length > ROWS && (
        <p className={styles.about}>and {(vectors.length - ROWS).toLocaleString("en")} more</p>
      )}
    </div>
  );
}

function beginning(vector: readonly number[]): string {
  const first = vector.slice(0, SHOWN).map((one) => one.toPrecision(4));
  return `[${first.join(", ")}${vector.length > SHOWN ? ", …" : ""}]`;
}

/** Its Euclidean length: 1 says that it is normalised. */
function norm(vector: readonly number[]): string {
  return Math.sqrt(vector.reduce((sum, one) => sum + one * one, 0)).toPrecision(4);
}

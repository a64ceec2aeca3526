// What a token may be used for, in words.

import { useId } from "react";
import type { Shapes } from "@/api/client";
import styles from "./settings.module.css";

export type Scope = Shapes["Token"]["scopes"][number];

/** Each includes the one before. */
export const SCOPES: readonly (readonly [Scope, string, string])[] = [
  ["read", "Look", "See models, predictions and files, and change nothing."],
  ["predict", "Run", "Run models and cancel predictions, too."],
  ["admin", "Everything", "Publish models, and change tokens, variables and all else that you may."],
];

export function ScopeChoice({
  scope,
  error,
  onChange,
}: {
  scope: Scope;
  error?: string | undefined;
  onChange: (scope: Scope) => void;
}) {
  const id = useId();
  return (
    <fieldset className={styles.choices} aria-describedby={error === undefined ? undefined : `${id}-error`}>
      <legend>It may</legend>
      {SCOPES.map(([one, word, words]) => (
        <div key={one} className={styles.choice}>
          <input
            type="radio"
            id={`${id}-${one}`}
            name={id}
            checked={one === scope}
            aria-describedby={`${id}-${one}-words`}
            onChange={() => onChange(one)}
          />
          <label htmlFor={`${id}-${one}`}>
            {word} <code>{one}</code>
          </label>
          <span id={`${id}-${one}-words`}>{words}</span>
        </div>
      ))}
      {error !== undefined && (
        <p id={`${id}-error`} className={styles.error}>
          {error}
        </p>
      )}
    </fieldset>
  );
}

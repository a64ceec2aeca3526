// Where a link or a token comes from, for somebody who has neither.

import styles from "./signin.module.css";

export function WhereFrom() {
  return (
    <dl className={styles.from}>
      <div>
        <dt>No token?</dt>
        <dd>
          On the server's machine, <code>augury sign-in</code> prints a link that signs you in, once. The
          server prints one too each time it starts. Open it in this browser, and every tab is signed in.
        </dd>
      </div>
      <div>
        <dt>Not your server?</dt>
        <dd>Ask whoever runs it for an account and a token.</dd>
      </div>
    </dl>
  );
}

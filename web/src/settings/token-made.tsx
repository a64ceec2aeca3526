// A new token's text, shown this once, with a line that uses it.

import { Command } from "@/ui/command";
import { Copy } from "@/ui/copy";
import styles from "./settings.module.css";

export function TokenMade({ token }: { token: string }) {
  const example = `curl -H "Authorization: Bearer ${token}" ${location.origin}/v1/user`;
  return (
    <>
      <p>
        <strong>Copy it now.</strong> Only its fingerprint is kept, so that nobody can show it again.
      </p>
      <div className={styles.secret}>
        <code data-token>{token}</code>
        <Copy text={token} what="token" />
      </div>
      <div className={styles.example}>
        <p>Try it in a terminal:</p>
        <Command text={example} what="example" />
      </div>
    </>
  );
}

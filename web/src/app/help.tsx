// The keys, in a dialogue that `?` opens.

import { useEffect, useState } from "react";
import { Dialog } from "@/ui/dialog";
import styles from "./help.module.css";
import { HELP, KEYS } from "./keys";

export function Help() {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const show = () => setOpen(true);
    window.addEventListener(HELP, show);
    return () => window.removeEventListener(HELP, show);
  }, []);
  return (
    <>
      <button type="button" className={styles.button} onClick={() => setOpen(true)}>
        Keyboard <kbd>?</kbd>
      </button>
      <Dialog title="Keyboard" open={open} onClose={() => setOpen(false)}>
        <dl className={styles.keys}>
          {KEYS.map(([keys, does]) => (
            <div key={keys}>
              <dt>
                {keys.split(" ").map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
      </Dialog>
    </>
  );
}

// What is said for a moment at the edge of the page: "copied", "saved", or that something failed.

import { createContext, type ReactNode, useCallback, useContext, useState } from "react";
import { Problem } from "@/api/problem";
import styles from "./notices.module.css";

interface Notice {
  id: number;
  text: string;
  bad: boolean;
}

interface Say {
  (text: string): void;
  /** Say what failed, and what to do. */
  failed: (error: unknown) => void;
}

const Context = createContext<Say | null>(null);
const SHOWN_MS = 5000;
let last = 0;

export function Notices({ children }: { children: ReactNode }) {
  const [notices, setNotices] = useState<Notice[]>([]);
  const add = useCallback((text: string, bad: boolean) => {
    const id = ++last;
    setNotices((now) => [...now, { id, text, bad }]);
    setTimeout(() => setNotices((now) => now.filter((one) => one.id !== id)), bad ? SHOWN_MS * 2 : SHOWN_MS);
  }, []);
  const [say] = useState<Say>(() =>
    Object.assign((text: string) => add(text, false), { failed: (error: unknown) => add(told(error), true) }),
  );
  return (
    <Context value={say}>
      {children}
      <div className={styles.notices} role="status" aria-live="polite">
        {notices.map((notice) => (
          <p key={notice.id} className={notice.bad ? styles.bad : styles.notice}>
            {notice.text}
          </p>
        ))}
      </div>
    </Context>
  );
}

/** `say("Copied")`, `say.failed(error)`. */
export function useSay(): Say {
  const say = useContext(Context);
  if (say === null) throw new Error("useSay is used outside of Notices");
  return say;
}

function told(error: unknown): string {
  if (error instanceof Problem) return error.hint === null ? error.message : `${error.message} ${error.hint}`;
  return error instanceof Error ? error.message : String(error);
}

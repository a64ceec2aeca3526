// Who may see a model, as a small word with a sign.

import { Globe, Lock, type LucideIcon, Users } from "lucide-react";
import styles from "./visibility.module.css";

const KINDS: Record<string, readonly [icon: LucideIcon, means: string]> = {
  public: [Globe, "Everyone may see and run it"],
  restricted: [Users, "Everyone may see it; those on its list may run it"],
  private: [Lock, "Only its owner may see it"],
};

export function Visibility({ of }: { of: string }) {
  const [Icon, means] = KINDS[of] ?? [Lock, of];
  return (
    <span className={styles.visibility} title={means}>
      <Icon size={13} strokeWidth={2} aria-hidden />
      {of}
    </span>
  );
}

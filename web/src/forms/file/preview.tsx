// A picture, a recording or a film as it is, where the page may show it.

import { FileText } from "lucide-react";
import { useState } from "react";
import styles from "./file.module.css";
import type { Known } from "./known";

export function Preview({ file }: { file: Known }) {
  const [failed, setFailed] = useState<string | null>(null);
  const source = file.shown;
  const kind = source === null || failed === source ? "" : file.type.split("/")[0];
  const fail = () => setFailed(source);
  if (kind === "image" && source !== null) {
    return <img className={styles.picture} src={source} alt={`Preview of ${file.name}`} onError={fail} />;
  }
  if (kind === "audio" && source !== null) {
    return <audio className={styles.sound} src={source} controls onError={fail} />;
  }
  if (kind === "video" && source !== null) {
    return <video className={styles.picture} src={source} controls onError={fail} />;
  }
  return <FileText className={styles.icon} size={22} strokeWidth={1.6} aria-hidden />;
}

// The tabs of a model's page: links, so that each has an address. The form's state in the hash goes with them.

import { Link } from "@tanstack/react-router";
import styles from "@/ui/tabs.module.css";
import { useModel } from "./hooks";

const TABS = [
  ["/models/$owner/$name", "Playground"],
  ["/models/$owner/$name/overview", "Overview"],
  ["/models/$owner/$name/code", "Code"],
  ["/models/$owner/$name/versions", "Versions"],
] as const;

export function Tabs() {
  const { owner, name, pinned, version } = useModel();
  return (
    <nav className={styles.tabs} aria-label="Model">
      {TABS.map(([to, word]) => (
        <Link
          key={to}
          to={to}
          params={{ owner, name }}
          search={pinned && version !== null ? { version: version.number } : {}}
          hash
          className={styles.tab}
          activeOptions={{ exact: true, includeSearch: false, includeHash: false }}
          activeProps={{ className: styles.here, "aria-current": "page" }}
        >
          {word}
        </Link>
      ))}
    </nav>
  );
}

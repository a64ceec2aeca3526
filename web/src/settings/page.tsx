// Settings: the tabs around what each of them changes.

import { Link, Navigate, Outlet, useParams } from "@tanstack/react-router";
import { useSession } from "@/app/session";
import { SignedIn } from "@/app/signed-in";
import { Page } from "@/ui/page";
import styles from "@/ui/tabs.module.css";

const PARTS = [
  ["profile", "Profile"],
  ["tokens", "Tokens"],
  ["variables", "Variables"],
  ["users", "Users"],
] as const;

export function SettingsPage() {
  const { part } = useParams({ strict: false });
  const admin = useSession()?.admin === true;
  const shown = PARTS.filter(([name]) => admin || name !== "users");
  const words = PARTS.find(([name]) => name === part)?.[1];
  return (
    <Page title="Settings" window={words === undefined ? "Settings" : `${words} · Settings`}>
      <SignedIn what="your settings">
        <nav className={styles.tabs} aria-label="Settings">
          {shown.map(([name, word]) => (
            <Link
              key={name}
              to="/settings/$part"
              params={{ part: name }}
              className={styles.tab}
              activeProps={{ className: styles.here, "aria-current": "page" }}
            >
              {word}
            </Link>
          ))}
        </nav>
        {part === undefined ? (
          <Navigate to="/settings/$part" params={{ part: "profile" }} replace />
        ) : (
          <Outlet />
        )}
      </SignedIn>
    </Page>
  );
}

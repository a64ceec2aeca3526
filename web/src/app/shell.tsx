// The frame of every page: where one can go, who is signed in, whether the server answers.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { Activity, Boxes, KeyRound, LogIn, type LucideIcon, Radio } from "lucide-react";
import { useEffect, useRef } from "react";
import { session } from "@/api/queries";
import { SignOut } from "@/signin/sign-out";
import { Ended } from "./ended";
import { Help } from "./help";
import { useKeys } from "./keys";
import { Offline } from "./offline";
import styles from "./shell.module.css";

export function Shell() {
  const { data: me } = useQuery(session);
  const main = useRef<HTMLElement>(null);
  useKeys();
  useFocusOnNavigation(main);
  const signedIn = me?.user != null;
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        Skip to the content
      </a>
      <nav className={styles.nav} aria-label="Main">
        <Link to="/" className={styles.brand} aria-label="Augury, models">
          <img src="/favicon.svg" alt="" width={22} height={22} />
          <span>Augury</span>
        </Link>
        <ul className={styles.places}>
          <Place to="/" icon={Boxes} name="Models" exact />
          {signedIn && <Place to="/predictions" icon={Radio} name="Predictions" />}
          {me?.admin === true && <Place to="/now" icon={Activity} name="Now" />}
          {signedIn && <Place to="/settings" icon={KeyRound} name="Settings" />}
          {me !== undefined && !signedIn && <Place to="/sign-in" icon={LogIn} name="Sign in" />}
        </ul>
        <footer className={styles.foot}>
          {me?.user != null && (
            <>
              <span className={styles.who}>{me.user.name}</span>
              <SignOut kind="quiet" className={styles.leave} />
            </>
          )}
          <a href="/docs">API reference</a>
          <Help />
        </footer>
      </nav>
      <main id="main" ref={main} tabIndex={-1} className={styles.main}>
        <Offline />
        <Ended />
        <Outlet />
      </main>
    </div>
  );
}

function Place({
  to,
  icon: Icon,
  name,
  exact,
}: {
  to: string;
  icon: LucideIcon;
  name: string;
  exact?: boolean;
}) {
  return (
    <li>
      <Link
        to={to}
        className={styles.place}
        activeOptions={{ exact: exact === true, includeSearch: false }}
        activeProps={{ className: styles.here, "aria-current": "page" }}
      >
        <Icon size={17} strokeWidth={1.9} aria-hidden />
        <span>{name}</span>
      </Link>
    </li>
  );
}

/** After a change of page, reading and tabbing go on at its content, and its title is that of the window. */
function useFocusOnNavigation(main: React.RefObject<HTMLElement | null>) {
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const first = useRef(true);
  const queries = useQueryClient();
  useEffect(() => {
    if (path === undefined) return;
    if (first.current) {
      first.current = false;
      return;
    }
    main.current?.focus({ preventScroll: true });
    void queries.invalidateQueries({ ...session, refetchType: "none" });
  }, [path, main, queries]);
}

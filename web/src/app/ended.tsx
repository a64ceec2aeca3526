// A line at the top of every page once its session has ended, with a way back in that leaves the page as it is.

import { useRouterState } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { SignInHere } from "@/signin/here";
import styles from "./ended.module.css";
import { useSession } from "./session";

export function Ended() {
  const me = useSession();
  const [was, setWas] = useState<string | null>(null);
  const leaving = useRouterState({ select: (state) => state.location.pathname === "/sign-in" });
  const user = me?.user?.name;
  useEffect(() => {
    if (leaving) setWas(null);
    else if (user !== undefined) setWas(user);
  }, [leaving, user]);
  if (leaving || was === null || me === undefined || me.user !== null) return null;
  return (
    <div className={styles.ended} role="status">
      <p>
        <strong>{was} is signed out.</strong> The session has ended, or was ended in another tab.
      </p>
      <SignInHere />
    </div>
  );
}

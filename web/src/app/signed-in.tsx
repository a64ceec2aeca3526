// What a page shows to those who are signed in, and what to the others: how to get in, without losing what was typed.

import { Link, useRouterState } from "@tanstack/react-router";
import { type ReactNode, useRef } from "react";
import { SignInHere } from "@/signin/here";
import { Empty } from "@/ui/empty";
import { Loading } from "@/ui/loading";
import { useSession } from "./session";
import styles from "./signed-in.module.css";

interface Props {
  /** What they would see, as in "Sign in to see your predictions". */
  what: string;
  /** Only for admins; the others are told so. */
  admin?: boolean;
  children: ReactNode;
}

/** The children, for those who may see them. A page whose session ends is kept as it is behind the offer to sign in. */
export function SignedIn({ what, admin = false, children }: Props) {
  const me = useSession();
  const last = useRef<string | null>(null);
  if (me?.user != null) last.current = me.user.name;
  if (me === undefined && last.current === null) return <Loading lines={5} />;
  const inside = me?.user != null;
  if (inside && admin && !me.admin) return <NotForYou what={what} />;
  return (
    <>
      {me?.user === null && <Offer what={what} ended={last.current !== null} />}
      {last.current !== null && (
        // Whoever signs in as somebody else finds a new page.
        <div key={last.current} className={styles.inside} hidden={me !== undefined && !inside}>
          {children}
        </div>
      )}
    </>
  );
}

function Offer({ what, ended }: { what: string; ended: boolean }) {
  const here = useRouterState({ select: (state) => state.location.href });
  if (ended) {
    return (
      <div data-signed-out>
        <Empty title="You are signed out" actions={<SignInHere />}>
          The session has ended, or was ended in another tab. Sign in again to see {what}. What you typed on
          this page is kept until you leave it.
        </Empty>
      </div>
    );
  }
  return (
    <Empty
      title={`Sign in to see ${what}`}
      actions={
        <Link to="/sign-in" search={{ next: here }}>
          Sign in
        </Link>
      }
    >
      You come back to this page afterwards.
    </Empty>
  );
}

function NotForYou({ what }: { what: string }) {
  return (
    <Empty title="This is for admins" actions={<Link to="/">To the models</Link>}>
      Only admins see {what}. Ask one to make your account an admin, or sign in with a token that has the
      scope admin.
    </Empty>
  );
}

// The button that ends the session.

import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { signOut } from "@/app/session";
import { Button } from "@/ui/button";
import { useSay } from "@/ui/notices";

/** `everywhere` ends all sessions of the account. */
export function SignOut({
  everywhere = false,
  kind = "plain",
  className,
}: {
  everywhere?: boolean;
  kind?: "plain" | "danger" | "quiet";
  className?: string | undefined;
}) {
  const [busy, setBusy] = useState(false);
  const navigate = useNavigate();
  const say = useSay();
  const leave = async () => {
    setBusy(true);
    try {
      await navigate({ to: "/sign-in" });
      await signOut(everywhere);
      say(everywhere ? "Signed out everywhere." : "Signed out.");
    } catch (error) {
      say.failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button kind={kind} className={className} busy={busy} onClick={() => void leave()}>
      {everywhere ? "Sign out everywhere" : "Sign out"}
    </Button>
  );
}

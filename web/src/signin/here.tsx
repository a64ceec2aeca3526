// Signing in where one is, in a dialogue: the page behind it stays as it is.

import { useState } from "react";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { TokenForm } from "./token-form";
import { WhereFrom } from "./where-from";

export function SignInHere() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button kind="primary" onClick={() => setOpen(true)}>
        Sign in here
      </Button>
      <Dialog title="Sign in" open={open} onClose={() => setOpen(false)}>
        <TokenForm onDone={() => setOpen(false)} />
        <WhereFrom />
      </Dialog>
    </>
  );
}

// A button for what cannot be undone: it asks first, and says in place why it could not be done.

import { type ReactNode, useState } from "react";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { ProblemNote } from "./problem-note";

interface Props {
  /** What the button says, and the one that does it: "Delete". */
  verb: string;
  /** What is asked: "Delete the variable hub-token?" */
  question: string;
  /** What comes of it. */
  children: ReactNode;
  onConfirm: () => Promise<unknown>;
  disabled?: boolean;
  /** What a screen reader says of the button, where the verb alone does not tell: "Delete hub-token". */
  label?: string;
}

export function Ask({ verb, question, children, onConfirm, disabled, label }: Props) {
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const close = () => {
    setOpen(false);
    setError(undefined);
  };
  const confirm = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await onConfirm();
      close();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button kind="quiet" aria-label={label} disabled={disabled} onClick={() => setOpen(true)}>
        {verb}
      </Button>
      <Dialog
        title={question}
        open={open}
        onClose={close}
        actions={
          <>
            <Button onClick={close}>Cancel</Button>
            <Button kind="danger" busy={busy} onClick={() => void confirm()}>
              {verb}
            </Button>
          </>
        }
      >
        <div>{children}</div>
        {error !== undefined && <ProblemNote error={error} />}
      </Dialog>
    </>
  );
}

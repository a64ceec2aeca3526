// Deleting a model: asked, with its name to be typed, since nothing brings it back.

import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useId, useState } from "react";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { TextField } from "@/ui/field";
import { useSay } from "@/ui/notices";
import { ProblemNote } from "@/ui/problem-note";
import styles from "./edit.module.css";
import { useModel } from "./hooks";
import { useDeleteModel } from "./queries";

export function DeleteModel() {
  const { owner, name } = useModel();
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const remove = useDeleteModel(owner, name);
  const navigate = useNavigate();
  const say = useSay();
  const form = useId();
  const close = () => {
    setOpen(false);
    setTyped("");
    remove.reset();
  };
  const submitted = (event: FormEvent) => {
    event.preventDefault();
    if (typed !== name) return;
    remove.mutate(undefined, {
      onSuccess: () => {
        say(`${owner}/${name} is deleted`);
        void navigate({ to: "/" });
      },
    });
  };
  return (
    <>
      <Button kind="danger" onClick={() => setOpen(true)}>
        Delete
      </Button>
      <Dialog
        title={`Delete ${owner}/${name}?`}
        open={open}
        onClose={close}
        actions={
          <>
            <Button onClick={close}>Cancel</Button>
            <Button kind="danger" type="submit" form={form} disabled={typed !== name} busy={remove.isPending}>
              Delete the model
            </Button>
          </>
        }
      >
        <form id={form} className={styles.form} onSubmit={submitted}>
          <p>
            All its versions go with it, and what is queued for it will not run. Predictions that were made
            stay. Nothing brings it back.
          </p>
          <TextField
            label={`Type ${name} to delete it`}
            value={typed}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setTyped(event.target.value)}
          />
        </form>
        {remove.error !== null && <ProblemNote error={remove.error} />}
      </Dialog>
    </>
  );
}

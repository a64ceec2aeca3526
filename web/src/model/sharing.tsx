// Who may run a restricted model: a button, and the list that it opens.

import { useQuery } from "@tanstack/react-query";
import { UserPlus, Users, X } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { api, ask } from "@/api/client";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { TextField } from "@/ui/field";
import { Loading } from "@/ui/loading";
import { ProblemNote } from "@/ui/problem-note";
import { useModel } from "./hooks";
import { access, useChangeAccess } from "./queries";
import styles from "./sharing.module.css";

export function Sharing() {
  const [open, setOpen] = useState(false);
  const { name } = useModel();
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Users size={14} aria-hidden />
        Sharing
      </Button>
      <Dialog title={`Who may run ${name}`} open={open} onClose={() => setOpen(false)}>
        <List />
      </Dialog>
    </>
  );
}

function List() {
  const { owner, name } = useModel();
  const { data: users, error } = useQuery(access(owner, name));
  const change = useChangeAccess(owner, name);
  if (error !== null) return <ProblemNote error={error} />;
  if (users === undefined) return <Loading lines={2} />;
  return (
    <>
      <p className={styles.note}>Everyone sees this model. You and those on the list may run it.</p>
      <Add
        add={(user, done) => change.mutate({ user, allowed: true }, { onSuccess: done })}
        busy={change.isPending}
      />
      {change.error !== null && <ProblemNote error={change.error} />}
      {users.length === 0 ? (
        <p className={styles.note}>Nobody is on the list yet.</p>
      ) : (
        <ul className={styles.users} aria-label="Users on the list">
          {users.map((user) => (
            <li key={user.account_id}>
              <span>{user.name}</span>
              <Button
                kind="quiet"
                aria-label={`Take ${user.name} off the list`}
                disabled={change.isPending}
                onClick={() => change.mutate({ user: user.name, allowed: false })}
              >
                <X size={15} aria-hidden />
              </Button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Add({ add, busy }: { add: (user: string, done: () => void) => void; busy: boolean }) {
  const [user, setUser] = useState("");
  const known = useId();
  const { data = [] } = useQuery({
    queryKey: ["users", "found", user],
    queryFn: async ({ signal }) =>
      (await ask(api.GET("/v1/search/users", { params: { query: { q: user, page_size: 8 } }, signal })))
        .items,
    enabled: user.trim() !== "",
    staleTime: 60_000,
  });
  const submitted = (event: FormEvent) => {
    event.preventDefault();
    if (user.trim() !== "") add(user.trim(), () => setUser(""));
  };
  return (
    <form className={styles.add} onSubmit={submitted}>
      <TextField
        label="Name of a user"
        value={user}
        list={known}
        maxLength={64}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setUser(event.target.value)}
      />
      <datalist id={known}>
        {data.map((one) => (
          <option key={one.name} value={one.name} />
        ))}
      </datalist>
      <Button type="submit" busy={busy} disabled={user.trim() === ""}>
        <UserPlus size={15} aria-hidden />
        Add
      </Button>
    </form>
  );
}

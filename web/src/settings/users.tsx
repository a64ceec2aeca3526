// Who has an account, and what admins do about it.

import { useQueryClient } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { api, ask, type Shapes } from "@/api/client";
import { useSession } from "@/app/session";
import { SignedIn } from "@/app/signed-in";
import { Ask } from "@/ui/ask";
import { Empty } from "@/ui/empty";
import { TextField } from "@/ui/field";
import { type Column, Table } from "@/ui/table";
import { Ago } from "@/ui/time";
import { Listed } from "./listed";
import { NewToken } from "./new-token";
import { NewUser } from "./new-user";
import { usePages } from "./pages";
import styles from "./settings.module.css";

type User = Shapes["AdministeredUser"];

export function UsersPart() {
  return (
    <SignedIn what="the users" admin>
      <UserList />
    </SignedIn>
  );
}

function UserList() {
  const [words, setWords] = useState("");
  const wanted = useDeferredValue(words.trim());
  const { query, items } = usePages<User>(["users", wanted], (place, signal) =>
    wanted === "" ? all(place, signal) : found(wanted, place.cursor, signal),
  );
  return (
    <section className={styles.part} aria-label="Users">
      <div className={styles.head}>
        <div className={styles.search}>
          <TextField
            label="Search"
            type="search"
            data-search=""
            autoComplete="off"
            value={words}
            onChange={({ target }) => setWords(target.value)}
          />
        </div>
        <NewUser />
      </div>
      <Listed
        query={query}
        count={items.length}
        empty={<Empty title="Nobody fits">No account’s name or profile has these words.</Empty>}
      >
        <Table
          label="Users"
          columns={COLUMNS}
          rows={items}
          keyOf={(user) => user.account_id}
          faded={(user) => user.disabled_at !== null}
        />
      </Listed>
    </section>
  );
}

type Place = { cursor?: string; page_size: number };

async function all(place: Place, signal: AbortSignal) {
  const query = { ...place, view: "admin" as const };
  const page = await ask(api.GET("/v1/users", { params: { query }, signal }));
  return { ...page, items: page.items as User[] };
}

const FOUND = 20;

/** The search tells what everybody may know: what admins know is asked of each. */
async function found(q: string, cursor: string | undefined, signal: AbortSignal) {
  const query = { q, page_size: FOUND, ...(cursor !== undefined && { cursor }) };
  const page = await ask(api.GET("/v1/search/users", { params: { query }, signal }));
  const one = ({ name }: { name: string }) =>
    ask(
      api.GET("/v1/users/{user}", { params: { path: { user: name }, query: { view: "admin" } }, signal }),
    ) as Promise<User>;
  return { ...page, items: await Promise.all(page.items.map(one)) };
}

const COLUMNS: readonly Column<User>[] = [
  { head: "Name", cell: (user) => <Name user={user} /> },
  { head: "Role", cell: (user) => (user.admin ? "Admin" : <span className={styles.none}>User</span>) },
  { head: "State", cell: (user) => <State user={user} /> },
  { head: "Joined", cell: (user) => <Ago at={user.created_at} /> },
  { head: "Actions", actions: true, cell: (user) => <Actions user={user} /> },
];

function Name({ user: { name, display_name } }: { user: User }) {
  return (
    <>
      <span className={styles.main}>{name}</span>{" "}
      {display_name !== null && <span className={styles.small}>{display_name}</span>}
    </>
  );
}

function State({ user: { disabled_at } }: { user: User }) {
  if (disabled_at === null) return <span className={styles.none}>Active</span>;
  return (
    <>
      Disabled <Ago at={disabled_at} />
    </>
  );
}

function Actions({ user: { name, admin, disabled_at } }: { user: User }) {
  const queries = useQueryClient();
  const own = useSession()?.user?.name === name;
  const disabled = disabled_at !== null;
  const changed = () => queries.invalidateQueries({ queryKey: ["users"] });
  const change = async (body: { admin?: boolean; disabled?: boolean }) => {
    const params = { path: { user: name } };
    await ask(api.PATCH("/v1/users/{user}", { params, body: body as Shapes["UserAdministration"] }));
    await changed();
  };
  const remove = async () => {
    await ask(api.DELETE("/v1/users/{user}", { params: { path: { user: name } } }));
    await changed();
  };
  return (
    <>
      {!disabled && <NewToken account={name} kind="quiet" />}
      <Ask
        verb={admin ? "Make a user" : "Make an admin"}
        label={admin ? `Make a user of ${name}` : `Make an admin of ${name}`}
        question={admin ? `Take ${name}’s admin rights?` : `Make ${name} an admin?`}
        onConfirm={() => change({ admin: !admin })}
      >
        {admin
          ? "Their account, models and tokens stay; what only admins may do is refused from now on."
          : "Admins may see and do everything here, also to your account."}
        {own && " This is your own account."}
      </Ask>
      <Ask
        verb={disabled ? "Enable" : "Disable"}
        label={`${disabled ? "Enable" : "Disable"} ${name}`}
        question={disabled ? `Enable ${name}?` : `Disable ${name}?`}
        onConfirm={() => change({ disabled: !disabled })}
      >
        {disabled
          ? "Their tokens are valid again."
          : "Their tokens are refused and their sessions end. What they own stays as it is."}
        {own && " This is your own account: you would be signed out."}
      </Ask>
      <Ask verb="Delete" label={`Delete ${name}`} question={`Delete ${name}?`} onConfirm={remove}>
        The account is gone for good. One that has models or predictions cannot be deleted: disable it
        instead.
      </Ask>
    </>
  );
}

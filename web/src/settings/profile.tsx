// Who one is to others, and where one is signed in.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ask, type Shapes } from "@/api/client";
import { complaints } from "@/api/complaints";
import { session } from "@/api/queries";
import { useLastUser } from "@/app/session";
import { SignOut } from "@/signin/sign-out";
import { Button } from "@/ui/button";
import { TextArea, TextField } from "@/ui/field";
import { useSay } from "@/ui/notices";
import { Panel } from "@/ui/panel";
import { ProblemNote } from "@/ui/problem-note";
import styles from "./settings.module.css";

export function Profile() {
  const user = useLastUser();
  return (
    <div className={styles.narrow}>
      {user !== null && <ProfileForm key={user.account_id} user={user} />}
      <Panel title="Where you are signed in">
        <div className={styles.sessions}>
          <p className={styles.small}>
            Signing out everywhere ends every session of your account, in this browser and all others. Tokens
            stay valid: revoke those by themselves.
          </p>
          <div className={styles.buttons}>
            <SignOut />
            <SignOut everywhere kind="danger" />
          </div>
        </div>
      </Panel>
    </div>
  );
}

type User = Shapes["User"];
const FIELDS = ["name", "display_name", "bio", "company", "location", "urls"] as const;
type Draft = Record<(typeof FIELDS)[number], string>;

function ProfileForm({ user }: { user: User }) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(user));
  const queries = useQueryClient();
  const say = useSay();
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => ask(api.PATCH("/v1/user", { body: changeOf(draft, user) })),
    onSuccess: (now) => {
      setDraft(draftOf(now));
      queries.setQueryData(session.queryKey, (old) => old && { ...old, user: now });
      say("Saved.");
    },
  });
  const { at, rest } = complaints(error, FIELDS, { name_taken: "name" });
  const field = (name: keyof Draft) => ({
    value: draft[name],
    error: at[name],
    onChange: ({ target }: { target: { value: string } }) => setDraft({ ...draft, [name]: target.value }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <Panel title="Profile">
      <form className={styles.form} onSubmit={submit} noValidate>
        <TextField
          label="Name"
          note="Your models’ addresses begin with it. After a change, links with the old one lead nowhere."
          autoComplete="off"
          spellCheck={false}
          {...field("name")}
        />
        <TextField label="Shown as" note="Your name as people write it." {...field("display_name")} />
        <TextArea label="About you" {...field("bio")} />
        <div className={styles.pair}>
          <TextField label="Company" {...field("company")} />
          <TextField label="Place" {...field("location")} />
        </div>
        <TextArea label="Links" note="One address a line." rows={2} {...field("urls")} />
        {rest !== undefined && <ProblemNote error={rest} />}
        <div className={styles.buttons}>
          <Button kind="primary" type="submit" busy={isPending}>
            Save
          </Button>
        </div>
      </form>
    </Panel>
  );
}

function draftOf(user: User): Draft {
  return {
    name: user.name,
    display_name: user.display_name ?? "",
    bio: user.bio ?? "",
    company: user.company ?? "",
    location: user.location ?? "",
    urls: (user.urls ?? []).join("\n"),
  };
}

/** Only what differs, so that what somebody else has changed meanwhile stays. */
function changeOf(draft: Draft, user: User): Shapes["UserChange"] {
  const before = draftOf(user);
  const changed = FIELDS.filter((name) => draft[name] !== before[name]);
  const value = (name: keyof Draft) => {
    if (name === "urls") return lines(draft.urls);
    return name === "name" ? draft.name : draft[name].trim() || null;
  };
  return Object.fromEntries(changed.map((name) => [name, value(name)])) as Shapes["UserChange"];
}

function lines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

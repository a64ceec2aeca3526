// Changing what is said about a model, and who sees it: a button, and the dialogue that it opens.

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Pencil } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import type { Shapes } from "@/api/client";
import { Problem } from "@/api/problem";
import { categories as categoriesOf } from "@/models/queries";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Checkbox, Select, TextArea, TextField } from "@/ui/field";
import { useSay } from "@/ui/notices";
import { ProblemNote } from "@/ui/problem-note";
import styles from "./edit.module.css";
import { useModel } from "./hooks";
import { useChangeModel } from "./queries";

export function EditModel() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Pencil size={14} aria-hidden />
        Edit
      </Button>
      {open && <EditDialog close={() => setOpen(false)} />}
    </>
  );
}

type Change = Shapes["ModelChange"];

const URLS = [
  ["source_url", "Source", "Where its code is"],
  ["license_url", "Licence", "Where its licence is"],
  ["paper_url", "Paper", "Where it is described"],
] as const;

function EditDialog({ close }: { close: () => void }) {
  const { owner, name, model } = useModel();
  const [draft, setDraft] = useState<Change>(() => ({
    name: model.name,
    visibility: model.visibility,
    description: model.description,
    overview: model.overview,
    source_url: model.source_url,
    license_url: model.license_url,
    paper_url: model.paper_url,
    category_slugs: model.categories.map((category) => category.slug),
  }));
  const set = (change: Partial<Change>) => setDraft((now) => ({ ...now, ...change }));
  const save = useSave(owner, name, close);
  const form = useId();
  const submitted = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(draft);
  };
  const wrong = wrongIn(save.error);
  return (
    <Dialog
      title={`Edit ${name}`}
      open
      wide
      onClose={close}
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button kind="primary" type="submit" form={form} busy={save.isPending}>
            Save
          </Button>
        </>
      }
    >
      <form id={form} className={styles.form} onSubmit={submitted}>
        <div className={styles.pair}>
          <TextField
            label="Name"
            required
            maxLength={64}
            value={draft.name}
            note={
              draft.name === model.name
                ? undefined
                : "Links and programs with the old name will stop working."
            }
            error={wrong.name}
            onChange={(event) => set({ name: event.target.value })}
          />
          <Select
            label="Who sees it"
            value={draft.visibility}
            onChange={(event) => set({ visibility: event.target.value as Change["visibility"] })}
          >
            <option value="private">Private: only its owner</option>
            <option value="restricted">Restricted: everyone sees it, those on its list run it</option>
            <option value="public">Public: everyone sees and runs it</option>
          </Select>
        </div>
        <TextArea
          label="Description"
          note="One or two lines, shown in lists."
          rows={2}
          value={draft.description ?? ""}
          error={wrong.description}
          onChange={(event) => set({ description: orNull(event.target.value) })}
        />
        <TextArea
          label="Overview"
          note="In Markdown."
          rows={10}
          value={draft.overview ?? ""}
          error={wrong.overview}
          onChange={(event) => set({ overview: orNull(event.target.value) })}
        />
        <Categories
          chosen={draft.category_slugs ?? []}
          choose={(category_slugs) => set({ category_slugs })}
        />
        {URLS.map(([field, label, note]) => (
          <TextField
            key={field}
            label={label}
            note={note}
            type="url"
            placeholder="https://"
            value={draft[field] ?? ""}
            error={wrong[field]}
            onChange={(event) => set({ [field]: orNull(event.target.value.trim()) })}
          />
        ))}
        {save.error !== null && Object.keys(wrong).length === 0 && <ProblemNote error={save.error} />}
      </form>
    </Dialog>
  );
}

function useSave(owner: string, name: string, close: () => void) {
  const { model } = useModel();
  const change = useChangeModel(owner, name);
  const navigate = useNavigate();
  const say = useSay();
  const mutate = (draft: Change) =>
    change.mutate(changesOf(draft, model), {
      onSuccess: (changed) => {
        close();
        say("Saved");
        if (changed.name !== name)
          void navigate({
            to: "/models/$owner/$name/overview",
            params: { owner, name: changed.name },
            replace: true,
          });
      },
    });
  return { mutate, error: change.error, isPending: change.isPending };
}

/** Only what is different: what somebody else has changed meanwhile stays. */
function changesOf(draft: Change, model: Shapes["Model"]): Partial<Change> {
  const before: Record<string, unknown> = {
    ...model,
    category_slugs: model.categories.map((category) => category.slug),
  };
  return Object.fromEntries(
    Object.entries(draft).filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(before[field])),
  );
}

function Categories({ chosen, choose }: { chosen: string[]; choose: (slugs: string[]) => void }) {
  const { data = [] } = useQuery(categoriesOf);
  if (data.length === 0) return null;
  return (
    <fieldset className={styles.categories}>
      <legend>Categories</legend>
      {data.map(({ slug, name }) => (
        <Checkbox
          key={slug}
          label={name}
          checked={chosen.includes(slug)}
          onChange={(event) =>
            choose(event.target.checked ? [...chosen, slug] : chosen.filter((one) => one !== slug))
          }
        />
      ))}
    </fieldset>
  );
}

/** What is wrong at each field, in the server's words. */
function wrongIn(error: Error | null): Record<string, string | undefined> {
  const places = error instanceof Problem ? error.places : [];
  return Object.fromEntries(places.map((place) => [String(place.loc[1] ?? ""), place.msg]));
}

const orNull = (text: string) => (text === "" ? null : text);

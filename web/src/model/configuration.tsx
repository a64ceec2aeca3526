// What a version runs on and which variables it gets; its owner may change both.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { api, ask, type Shapes } from "@/api/client";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Checkbox, Select } from "@/ui/field";
import { useSay } from "@/ui/notices";
import { ProblemNote } from "@/ui/problem-note";
import edit from "./edit.module.css";
import { useModelVersion } from "./hooks";
import { configuration, hardware } from "./queries";
import styles from "./version-details.module.css";

type Settings = Shapes["Configuration"];

/** Two rows of the list of facts. */
export function Configuration() {
  const { owner, name, version, mayChange } = useModelVersion();
  const { data } = useQuery(configuration(owner, name, version.number));
  const [open, setOpen] = useState(false);
  if (data === undefined) return null;
  return (
    <>
      <dt>Hardware</dt>
      <dd className={styles.with}>
        {data.hardware_identifier}
        {mayChange && (
          <Button kind="quiet" aria-label="Change the configuration" onClick={() => setOpen(true)}>
            Change
          </Button>
        )}
        {open && <Change settings={data} close={() => setOpen(false)} />}
      </dd>
      <dt>Variables</dt>
      <dd>{data.variable_names.length === 0 ? "none" : data.variable_names.join(", ")}</dd>
    </>
  );
}

function Change({ settings, close }: { settings: Settings; close: () => void }) {
  const { owner, name, version } = useModelVersion();
  const [draft, setDraft] = useState(settings);
  const { data: kinds = [] } = useQuery(hardware);
  const save = useSave(close);
  const form = useId();
  const known = kinds.map((one) => one.identifier);
  const submitted = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(draft);
  };
  return (
    <Dialog
      title={`Configuration of ${owner}/${name}:${version.number}`}
      open
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
      <form id={form} className={edit.form} onSubmit={submitted}>
        <p>
          New workers start with it; those that run finish what they have. A version that cannot start is
          tried again.
        </p>
        <Select
          label="Hardware"
          value={draft.hardware_identifier}
          onChange={(event) => setDraft({ ...draft, hardware_identifier: event.target.value })}
        >
          {!known.includes(draft.hardware_identifier) && <option>{draft.hardware_identifier}</option>}
          {kinds.map((one) => (
            <option key={one.identifier} value={one.identifier}>
              {one.name === one.identifier ? one.name : `${one.name} (${one.identifier})`}
            </option>
          ))}
        </Select>
        <Variables
          chosen={draft.variable_names}
          choose={(variable_names) => setDraft({ ...draft, variable_names })}
        />
        {save.error !== null && <ProblemNote error={save.error} />}
      </form>
    </Dialog>
  );
}

function Variables({ chosen, choose }: { chosen: string[]; choose: (names: string[]) => void }) {
  const { model } = useModelVersion();
  const { data: mine = [] } = useQuery({
    queryKey: ["variables", "names"],
    queryFn: async ({ signal }) =>
      (await ask(api.GET("/v1/variables", { params: { query: { page_size: 100 } }, signal }))).items,
  });
  const names = [...new Set([...chosen, ...mine.map((one) => one.name)])];
  return (
    <fieldset className={edit.categories}>
      <legend>Variables</legend>
      {names.length === 0 && <p>{model.owner.name} has no variables. They are made in the settings.</p>}
      {names.map((name) => (
        <Checkbox
          key={name}
          label={name}
          checked={chosen.includes(name)}
          onChange={(event) =>
            choose(event.target.checked ? [...chosen, name] : chosen.filter((one) => one !== name))
          }
        />
      ))}
    </fieldset>
  );
}

function useSave(close: () => void) {
  const { owner, name, version } = useModelVersion();
  const queries = useQueryClient();
  const say = useSay();
  return useMutation({
    mutationFn: (settings: Settings) =>
      ask(
        api.PATCH("/v1/models/{owner}/{name}/versions/{number}/configuration", {
          params: { path: { owner, name, number: String(version.number) } },
          body: settings,
        }),
      ),
    onSuccess: async () => {
      close();
      say("Saved");
      await Promise.all([
        queries.invalidateQueries({ queryKey: ["version", owner, name] }),
        queries.invalidateQueries({ queryKey: ["model", owner, name] }),
        queries.invalidateQueries({ queryKey: ["models"] }),
      ]);
    },
  });
}

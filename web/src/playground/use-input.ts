// The input that the form has: from a link, else as it was left in this tab, else that of the run in the address,
// else the schema's defaults.

import { useQuery } from "@tanstack/react-query";
import { useLocation, useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useState } from "react";
import { prediction } from "@/api/queries";
import { initialInput } from "@/forms/initial";
import type { JsonObject } from "@/forms/json";
import { belongTo, draftOf, forgetDraft, keepDraft, shareable } from "./drafts";
import { inputOfLink } from "./link";

export interface FormInput {
  /** Null while it is asked for. */
  value: JsonObject | null;
  /** Grows when the whole of it was put there by something else than the form. */
  round: number;
  change: (value: JsonObject) => void;
  replace: (value: JsonObject) => void;
  reset: () => void;
}

interface State {
  value: JsonObject | null;
  round: number;
}

/** `user` is who is signed in. */
export function useInput(
  model: string,
  schema: JsonObject,
  run: string | undefined,
  user: string | null,
): FormInput {
  const linked = useLinked(schema);
  const [state, setState] = useState<State>(() => {
    belongTo(user);
    return { value: linked ?? draftOf(model), round: 0 };
  });
  useEffect(() => belongTo(user), [user]);
  const change = useCallback(
    (value: JsonObject) => {
      keepDraft(model, value, schema);
      setState((now) => ({ ...now, value }));
    },
    [model, schema],
  );
  const replace = useCallback(
    (value: JsonObject) => {
      keepDraft(model, value, schema);
      setState((now) => ({ value, round: now.round + 1 }));
    },
    [model, schema],
  );
  const reset = useCallback(() => {
    forgetDraft(model);
    setState((now) => ({ value: initialInput(schema), round: now.round + 1 }));
  }, [model, schema]);
  useEffect(() => {
    if (linked !== null) replace(linked);
  }, [linked, replace]);
  const earlier = useInputOfRun(state.value === null ? run : undefined, schema);
  useEffect(() => {
    if (state.value !== null || earlier === undefined) return;
    setState((now) => ({ value: earlier ?? initialInput(schema), round: now.round + 1 }));
  }, [state.value, earlier, schema]);
  return { value: state.value, round: state.round, change, replace, reset };
}

/** The input of the address's hash, which is taken away then: a reload shows the form as it is by then. */
function useLinked(schema: JsonObject): JsonObject | null {
  const hash = useLocation({ select: (location) => location.hash });
  const navigate = useNavigate();
  const [linked, setLinked] = useState<JsonObject | null>(() => read(hash, schema));
  useEffect(() => {
    const input = read(hash, schema);
    if (input === null) return;
    setLinked(input);
    void navigate({ to: ".", search: true, hash: "", replace: true, resetScroll: false });
  }, [hash, schema, navigate]);
  return linked;
}

function read(hash: string, schema: JsonObject): JsonObject | null {
  const input = inputOfLink(hash);
  return input === null ? null : shareable(schema, input);
}

/** Undefined while it is asked for, null if there is none. */
function useInputOfRun(run: string | undefined, schema: JsonObject): JsonObject | null | undefined {
  const { data, isError } = useQuery({ ...prediction(run ?? ""), enabled: run !== undefined });
  if (run === undefined || isError) return null;
  if (data === undefined) return undefined;
  // A stored input has stars in the places of its secrets.
  return data.input === null ? null : shareable(schema, data.input as JsonObject);
}

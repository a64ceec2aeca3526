// What the fields of one form know of it, besides what rjsf hands them.

import type { FieldProps } from "@rjsf/utils";
import { createContext, useContext } from "react";
import type { Json, Path, Value } from "./json";
import { type Marks, NO_MARKS } from "./places";
import type { Schema } from "./schema";

/** What the server said of the fields. */
export const MarksContext = createContext<Marks>(NO_MARKS);

export interface Labelled {
  "aria-labelledby"?: string;
  "aria-describedby"?: string;
  "aria-invalid"?: true;
}

/** The words around a field, for whoever cannot see that they are around it. */
export const LabelContext = createContext<Labelled>({});

/** How a widget names and describes itself; for a group of controls, of the group. */
export function useLabelled(): Labelled {
  return useContext(LabelContext);
}

/** What a field of ours gets, in our words. */
export interface Field {
  id: string;
  name: string;
  path: Path;
  schema: Schema;
  value: Value;
  required: boolean;
  disabled: boolean;
  root: Schema;
  change: (to: Value) => void;
}

export function fieldOf(props: FieldProps): Field {
  const path = props.fieldPathId.path as Path;
  return {
    id: props.fieldPathId.$id,
    name: props.name,
    path,
    schema: props.schema,
    value: props.formData as Value,
    required: props.required === true,
    disabled: props.disabled === true,
    root: props.registry.rootSchema,
    change: (to) => props.onChange(to as Json, [...path]),
  };
}

// An object: its members in order, folded away while it is left out; a dict; or an object that takes more than it names.

import type { FieldProps } from "@rjsf/utils";
import { toFieldPathId } from "@rjsf/utils";
import { Plus } from "lucide-react";
import { Button } from "@/ui/button";
import { fieldOf, useLabelled } from "./context";
import styles from "./groups.module.css";
import { blank } from "./initial";
import { Inner } from "./inner";
import { isObject } from "./json";
import { MapRows } from "./map-rows";
import { nameOf, type Schema, VALUES } from "./schema";

/** rjsf's ObjectField. */
export function ObjectField(props: FieldProps) {
  const { path, schema, value, required, disabled, root, change } = fieldOf(props);
  const { "aria-invalid": _, ...labelled } = useLabelled();
  const members = Object.keys(schema.properties ?? {});
  const values = schema[VALUES] as Schema | undefined;
  if (path.length === 0) {
    return (
      <div className={styles.members}>
        <Members {...props} />
        {values !== undefined && <MapRows {...props} values={values} except={members} more />}
      </div>
    );
  }
  if (!isObject(value) && (!required || members.length === 0)) {
    return (
      <Button className={styles.begin} disabled={disabled} onClick={() => change(blank(schema, root))}>
        <Plus size={14} aria-hidden />
        {members.length === 0 ? "Add entries" : `Add ${nameOf(schema)}`}
      </Button>
    );
  }
  return (
    <div role="group" className={members.length > 0 ? styles.group : undefined} {...labelled}>
      <Members {...props} />
      {values !== undefined && (
        <MapRows {...props} values={values} except={members} more={members.length > 0} />
      )}
    </div>
  );
}

function Members(props: FieldProps) {
  const { schema, formData, fieldPathId, registry, onChange, disabled } = props;
  const value: unknown = formData;
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([name, inner]) => (
    <Inner
      key={name}
      name={name}
      schema={inner as Schema}
      required={required.has(name)}
      formData={isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined}
      fieldPathId={toFieldPathId(name, registry.globalFormOptions, fieldPathId)}
      registry={registry}
      onChange={onChange}
      onBlur={props.onBlur}
      onFocus={props.onFocus}
      disabled={disabled}
    />
  ));
}

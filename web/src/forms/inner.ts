// rjsf's SchemaField: what shows a part of a schema, by way of the fields in theme.ts.

import SchemaField from "@rjsf/core/lib/components/fields/SchemaField.js";
import { deepEquals, type FieldProps } from "@rjsf/utils";
import { type ComponentType, memo } from "react";

/** Shown again where its value or its schema is another one; what the server said of it comes by its own way. */
export const Inner = memo(SchemaField as unknown as ComponentType<FieldProps>, (before, after) => {
  return (
    before.formData === after.formData &&
    before.disabled === after.disabled &&
    before.required === after.required &&
    before.registry === after.registry &&
    before.onChange === after.onChange &&
    before.fieldPathId.$id === after.fieldPathId.$id &&
    deepEquals(before.uiSchema, after.uiSchema) &&
    deepEquals(before.schema, after.schema)
  );
});

// rjsf's SchemaField: what shows a part of a schema, by way of the fields in theme.ts.

import SchemaField from "@rjsf/core/lib/components/fields/SchemaField.js";
import type { FieldProps } from "@rjsf/utils";
import type { ComponentType } from "react";

export const Inner = SchemaField as unknown as ComponentType<FieldProps>;

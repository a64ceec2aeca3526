// A single value: the widget that its schema asks for.

import type { FieldProps } from "@rjsf/utils";
import { BooleanWidget } from "./boolean";
import { ChoiceWidget } from "./choice";
import { type Field, fieldOf } from "./context";
import { FileWidget } from "./file/file";
import { MomentWidget } from "./moment";
import { NullWidget } from "./null";
import { NumberWidget } from "./number";
import { RawWidget } from "./raw";
import { EXACT, isFile, isSecret } from "./schema";
import { SecretWidget } from "./secret";
import { LineWidget, TextWidget } from "./text";

const MOMENTS = new Set(["date-time", "date", "time"]);

/** rjsf's StringField, NumberField, BooleanField, NullField and FallbackField. */
export function ScalarField(props: FieldProps) {
  const field = fieldOf(props);
  const Widget = widgetOf(field);
  return <Widget {...field} />;
}

function widgetOf({ schema }: Field) {
  if (schema.const !== undefined || Array.isArray(schema.enum)) return ChoiceWidget;
  if (isFile(schema)) return FileWidget;
  if (isSecret(schema)) return SecretWidget;
  if (schema.type === "null") return NullWidget;
  if (schema.type === "boolean") return BooleanWidget;
  if (schema.type === "integer" || schema.type === "number") return NumberWidget;
  if (schema.type !== "string") return RawWidget;
  if (MOMENTS.has(String(schema.format))) return MomentWidget;
  return schema.format !== undefined || schema[EXACT] === true ? LineWidget : TextWidget;
}

// Our fields in the places where rjsf looks for its own.

import {
  createSchemaUtils,
  englishStringTranslator,
  type FieldProps,
  type Registry,
  RJSF_REF_CYCLE_KEY,
} from "@rjsf/utils";
import { createElement } from "react";
import { FieldTemplate, Nothing } from "./field-template";
import { Inner } from "./inner";
import { ListField } from "./list-field";
import { ObjectField } from "./object-field";
import { ScalarField } from "./scalar-field";
import type { Schema } from "./schema";
import { UnionField } from "./union-field";
import { validator } from "./validator";

/** What rjsf's SchemaField needs to show a schema that is prepared; `id` begins the ids of all fields. */
export function registryOf(schema: Schema, id: string): Registry {
  const templates = {
    FieldTemplate,
    DescriptionFieldTemplate: Nothing,
    FieldErrorTemplate: Nothing,
    FieldHelpTemplate: Nothing,
  };
  return {
    fields: {
      SchemaField: Inner,
      ObjectField,
      ArrayField: ListField,
      AnyOfField: UnionField,
      OneOfField: UnionField,
      StringField: ScalarField,
      NumberField: ScalarField,
      BooleanField: ScalarField,
      NullField: ScalarField,
      FallbackField: ScalarField,
      CyclicSchemaField: OnceMore,
    } as Registry["fields"],
    templates: templates as unknown as Registry["templates"],
    widgets: {},
    rootSchema: schema,
    formContext: {},
    schemaUtils: createSchemaUtils(validator, schema),
    translateString: englishStringTranslator,
    globalFormOptions: {
      idPrefix: id,
      idSeparator: ".",
      useFallbackUiForUnsupportedType: false,
      // What is shown depends on callbacks too, which the other strategies hold for the same.
      experimental_componentUpdateStrategy: "always",
    },
  };
}

/** rjsf stops at a type that contains itself; ours goes on, as what may be left out is folded until it is wanted. */
function OnceMore(props: FieldProps) {
  return createElement(Inner, {
    ...props,
    schema: { ...props.schema, [RJSF_REF_CYCLE_KEY]: false } as Schema,
  });
}

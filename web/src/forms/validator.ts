// rjsf's validator over @cfworker/json-schema, which interprets schemas: ajv compiles them to code, and the page's
// Content-Security-Policy allows no eval. The server alone judges values (D14): a form finds nothing wrong by itself.
// This only tells which of several alternatives a value is.

import { type Schema as Interpreted, Validator } from "@cfworker/json-schema";
import type { ValidatorType } from "@rjsf/utils";
import { DEFAULT, type Schema, VALUES } from "./schema";

const compiled = new WeakMap<object, Validator>();

export const validator: ValidatorType = {
  validateFormData: () => ({ errors: [], errorSchema: {} }),
  rawValidation: () => ({ errors: [] }),
  isValid(schema, value, root) {
    try {
      return validatorOf(schema, root).validate(value).valid;
    } catch {
      return false; // a pattern or a reference that this interpreter does not know: it is not this one for certain
    }
  },
};

function validatorOf(schema: Schema, root: Schema): Validator {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const { $defs, definitions, components } = root;
  const document = restored({ $defs, definitions, components, ...schema });
  const made = new Validator(document as Interpreted, "2020-12", true);
  compiled.set(schema, made);
  return made;
}

/** The schema with the standard's own words again; see prepare.ts. */
function restored(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(restored);
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node).filter(([key, value]) => key !== DEFAULT && value !== undefined);
  return Object.fromEntries(
    entries.map(([key, value]) =>
      key === VALUES
        ? ["additionalProperties", restored(value)]
        : [key, key === "enum" || key === "const" ? value : restored(value)],
    ),
  );
}

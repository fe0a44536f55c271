import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect } from "vitest";
import { z } from "zod";
import { documentSchemas, type DocumentSchemas } from "../../src/documents.ts";

const schemas = await documentSchemas();
const validators = new Map<string, ValidateFunction>();

export function checkSchema(document: { command: string }): void {
  const isValid = validatorOf(document.command);
  expect([isValid(document), isValid.errors]).toEqual([true, null]);
}

/** As strict as it gets: a field that the schema does not name is refused here, though not in the published form. */
function validatorOf(command: string): ValidateFunction {
  const known = validators.get(command);
  if (known) return known;
  const schema = schemas[command as keyof DocumentSchemas];
  if (!schema) throw new Error(`no schema for ${command}`);
  // Its check of one small document is not worth the time that ajv takes to make it fast.
  const ajv = new Ajv2020({ strict: false, code: { optimize: false } });
  addFormats.default(ajv);
  const made = ajv.compile(z.toJSONSchema(schema));
  validators.set(command, made);
  return made;
}

/** Writes docs/config.schema.json from the schema that the code validates with. */
import { writeFile } from "node:fs/promises";
import type { GenericSchema } from "valibot";
import { settingsSchema } from "../src/config/settings.ts";

/** The parts of valibot's schemas that the settings are made of. */
interface Part {
  type: string;
  wrapped?: Part;
  item?: Part;
  pipe?: readonly Part[];
  description?: string;
}

export function settingsJsonSchema(): Record<string, unknown> {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Clawback's settings (config.json5)",
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(
      Object.entries(settingsSchema.entries).map(([key, part]) => [key, convert(part)]),
    ),
  };
}

function convert(schema: GenericSchema | Part): Record<string, unknown> {
  const part = schema as Part;
  switch (part.type) {
    case "optional":
      return part.wrapped ? convert(part.wrapped) : {};
    case "string":
    case "array":
      return Object.assign(
        { type: part.type, ...(part.item && { items: convert(part.item) }) },
        ...(part.pipe ?? []).slice(1).map(constraint),
      );
    default:
      throw new Error(`no JSON Schema for ${part.type}: teach scripts/config-schema.ts`);
  }
}

function constraint(part: Part): Record<string, unknown> {
  if (part.type === "non_empty") return { minLength: 1 };
  if (part.type === "description") return { description: part.description };
  throw new Error(`no JSON Schema for ${part.type}: teach scripts/config-schema.ts`);
}

if (process.argv[1] === import.meta.filename) {
  const file = new URL("../docs/config.schema.json", import.meta.url);
  await writeFile(file, `${JSON.stringify(settingsJsonSchema(), null, 2)}\n`);
}

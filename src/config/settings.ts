import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import json5 from "json5";
import * as v from "valibot";
import { ClawbackError, errno, messageOf } from "../errors.ts";
import { closest } from "./closest.ts";
import { expandHome } from "./places.ts";

const text = (description: string) =>
  v.optional(v.pipe(v.string(), v.nonEmpty("must not be empty"), v.description(description)));

/** What `config.json5` may say; `docs/config.schema.json` says the same to editors. */
export const settingsSchema = v.strictObject({
  $schema: text("Where this file's JSON Schema is, for editors."),
  repository: text("Where the backups go: a directory, best on another disk."),
  passwordFile: text("A file with the repository's password; only its owner should read it."),
  passwordCommand: text(
    "A command that prints the repository's password; it runs without a shell.",
  ),
  stateDir: text("The state directory of the OpenClaw instance, if it is not where it usually is."),
  profile: text("The OpenClaw profile: x stands for the state directory ~/.openclaw-x."),
  exclude: v.optional(
    v.pipe(
      v.array(v.pipe(v.string(), v.nonEmpty("must not be empty"))),
      v.description("What every backup leaves out: patterns as in a .gitignore."),
    ),
  ),
});

/** The settings of one file, its paths made absolute. */
export type Settings = v.InferOutput<typeof settingsSchema>;

/**
 * Reads the settings: JSON5, no key that is not known. Relative paths count from the file's own
 * directory, `~/` from `home`. A file that is not there counts as an empty one, unless it must exist.
 *
 * @throws ClawbackError E_USAGE with file, place and reason when the file says something unfit.
 */
export async function readSettings(
  file: string,
  home: string,
  { mustExist = false } = {},
): Promise<Settings> {
  const source = await readFile(file, "utf8").catch((error: unknown) => {
    if (errno(error) === "ENOENT" && !mustExist) return "{}";
    throw unfit(file, messageOf(error), undefined, error);
  });
  const settings = validate(file, parse(file, source));
  const path = (value: string) => resolve(dirname(file), expandHome(value, home));
  return {
    ...settings,
    ...(settings.stateDir !== undefined && { stateDir: path(settings.stateDir) }),
    ...(settings.passwordFile !== undefined && { passwordFile: path(settings.passwordFile) }),
  };
}

function parse(file: string, source: string): unknown {
  try {
    return json5.parse(source);
  } catch (error) {
    throw unfit(file, messageOf(error).replace(/^JSON5: /u, ""), undefined, error);
  }
}

function validate(file: string, value: unknown): Settings {
  // valibot takes a list for an object without keys.
  const result = v.safeParse(settingsSchema, Array.isArray(value) ? null : value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  if (path === null) throw unfit(file, "must hold one object: { … }");
  const known = Object.keys(settingsSchema.entries);
  if (issue.type === "strict_object" && !known.includes(path)) {
    const meant = closest(path, known);
    throw unfit(
      file,
      `unknown setting ${JSON.stringify(path)}`,
      meant === undefined ? `The settings are: ${known.join(", ")}.` : `Did you mean "${meant}"?`,
    );
  }
  // Not valibot's own words for a wrong type: they repeat the value, which may be a secret.
  const reason = issue.type === "non_empty" ? issue.message : `must be ${article(issue.expected)}`;
  throw unfit(file, `"${path}" ${reason}`);
}

function article(expected: string | null): string {
  return expected === "Array" ? "a list" : `a ${expected ?? "different value"}`;
}

function unfit(file: string, what: string, hint?: string, cause?: unknown): ClawbackError {
  return new ClawbackError("E_USAGE", `${file}: ${what}`, {
    ...(hint !== undefined && { hint }),
    cause,
  });
}

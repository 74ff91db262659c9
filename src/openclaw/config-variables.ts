import { readFile, stat } from "node:fs/promises";

export type Variables = Readonly<Record<string, string | undefined>>;

/** Bytes; beyond, it is something else. */
const MAX_DOTENV = 1 << 20;

const REFERENCE = /\$?\$\{([A-Z_][A-Z0-9_]*)\}/g;

/**
 * Puts the values of `${NAME}` in; `$${NAME}` becomes `${NAME}` (docs/gateway/config-secrets-env.md
 * of OpenClaw's package). Unset and empty ones stay as they are written.
 *
 * @returns the text, and the names that had no value
 */
export function substitute(
  text: string,
  variables: Variables,
): { text: string; missing: string[] } {
  const missing: string[] = [];
  const result = text.replace(REFERENCE, (whole, name: string) => {
    if (whole.startsWith("$$")) return whole.slice(1);
    const value = variables[name];
    if (value !== undefined && value !== "") return value;
    missing.push(name);
    return whole;
  });
  return { text: result, missing };
}

/** The variables of a dotenv file; none when it cannot be read. */
export async function readDotenv(path: string): Promise<Record<string, string>> {
  const info = await stat(path).catch(() => undefined);
  const isReadable = info?.isFile() === true && info.size <= MAX_DOTENV;
  const text = isReadable ? await readFile(path, "utf8").catch(() => "") : "";
  const found: Record<string, string> = Object.create(null);
  for (const line of text.split(/\r?\n/)) {
    const match = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/.exec(line.trim());
    if (match?.[1] === undefined || match[2] === undefined) continue;
    found[match[1]] = unquote(match[2].trim());
  }
  return found;
}

function unquote(value: string): string {
  const quoted = /^(["'`])(.*)\1(?:\s+#.*)?$/.exec(value);
  return quoted?.[2] ?? value.replace(/\s+#.*$/, "");
}

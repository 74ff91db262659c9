import { lstat, rename, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { errno } from "../errors.ts";

/**
 * Adds to a copy's configuration, or overrules it, without a change to the file: that gets another
 * name and is included by a new one in its place.
 */
export async function layConfigOver(configPath: string, config: object): Promise<void> {
  const beneath = await freeName(configPath);
  const include = await rename(configPath, beneath).then(
    () => ({ $include: `./${basename(beneath)}` }),
    (error: unknown) => {
      if (errno(error) === "ENOENT") return {};
      throw error;
    },
  );
  const text = JSON.stringify({ ...include, ...config }, null, 2);
  await writeFile(configPath, text, { mode: 0o600 });
}

async function freeName(path: string): Promise<string> {
  const end = extname(path);
  for (let number = 1; ; number += 1) {
    const name = `${basename(path, end)}.beneath-${number}${end}`;
    const candidate = join(dirname(path), name);
    if ((await lstat(candidate).catch(() => undefined)) === undefined) return candidate;
  }
}

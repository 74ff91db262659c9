import { lstat, realpath } from "node:fs/promises";
import type { InstanceCopy } from "../openclaw/instance-copy.ts";
import { isWithin } from "../openclaw/user-paths.ts";
import type { Fixture } from "./fixtures.ts";

export interface CopyFixtures {
  fixtures: Fixture[];
  /** Roots of the copy that a box cannot show, and why: a sentence each. */
  problems: string[];
}

/**
 * The copy, at the places where its files are at home.
 *
 * @param upperOf where what is written to a directory of the copy goes, by its number
 * @param programs what the machine shows of itself, where nothing can be added
 */
export async function copyFixtures(
  copy: InstanceCopy,
  upperOf: (number: number) => string,
  programs: readonly Fixture[],
): Promise<CopyFixtures> {
  const fixtures: Fixture[] = [];
  const problems: string[] = [];
  for (const [number, { path, realPath }] of copy.roots.entries()) {
    const from = await realpath(copy.at(realPath)).catch(() => undefined);
    if (from === undefined) {
      problems.push(`the copy has no ${realPath}`);
    } else if (await isSealed(realPath, programs)) {
      problems.push(`${realPath} lies among this machine's programs, where nothing can be added`);
    } else if ((await lstat(from)).isDirectory()) {
      fixtures.push({ kind: "copy", at: realPath, from, upper: upperOf(number) });
    } else {
      fixtures.push({ kind: "file", at: realPath, from });
    }
    if (path !== realPath) fixtures.push({ kind: "link", at: path, to: realPath });
  }
  return { fixtures, problems };
}

/** What is there already can be covered, what is not cannot be made. */
async function isSealed(path: string, programs: readonly Fixture[]): Promise<boolean> {
  if (!programs.some(({ kind, at }) => kind === "machine" && isWithin(path, at))) return false;
  return lstat(path).then(
    () => false,
    () => true,
  );
}

import { dirname } from "node:path/posix";
import { ClawbackError } from "../errors.ts";
import type { ReplacementRecord, StagingRecord } from "./journal.ts";
import { look } from "./look.ts";
import { isMountPoint } from "./mounts.ts";
import { below, rawPath, readable, wayTo, type RawPath } from "./raw-path.ts";
import type { Replacement } from "./replacement.ts";

/** What was asked for, in the journal's terms and found to make sense. */
export function recordsOf(
  replacements: readonly Replacement[],
  stagings: readonly StagingRecord[],
): ReplacementRecord[] {
  const records = replacements.map((replacement, index) => recordOf(replacement, index, stagings));
  const lives = new Set(records.map(({ live }) => live));
  for (const { live } of records) {
    const outer = above(live).find((path) => lives.has(path));
    // A mount stays when what it is in is replaced: it can be replaced on its own.
    if (outer === undefined || isMountPoint(live)) continue;
    throw new ClawbackError(
      "E_FAILED",
      `${readable(live)} and ${readable(outer)} cannot both be replaced: one is in the other`,
    );
  }
  return records;
}

function recordOf(
  { live, staged, carry, how, barred }: Replacement,
  index: number,
  stagings: readonly StagingRecord[],
): ReplacementRecord {
  const path = rawPath(live);
  const { directory } = stagingOf(path, staged, stagings);
  const slot = staged === undefined ? below(directory, `kept-${index}`) : rawPath(staged);
  if (wayTo(slot, directory) === undefined || slot === directory) {
    throw new ClawbackError("E_FAILED", `${readable(slot)} is not in ${readable(directory)}`);
  }
  const nearest = [path, ...above(path)].map(look).find((each) => each !== undefined);
  const built = look(slot);
  if (staged !== undefined && built === undefined) {
    throw new ClawbackError("E_FAILED", `${staged} is to replace ${live}, but is not there`);
  }
  if ((built ?? look(directory))?.dev !== nearest?.dev) {
    throw new ClawbackError("E_FAILED", `${readable(slot)} and ${live} are on two file systems`);
  }
  return {
    live: path,
    slot,
    directory,
    carry,
    how,
    ...(barred !== undefined && {
      barred: { name: rawPath(barred.name), content: barred.content },
    }),
    steps: [],
    touched: [],
    parents: [],
  };
}

/** The staging that holds the new tree; for one that is taken away, the one that lies nearest. */
function stagingOf(
  live: RawPath,
  staged: string | undefined,
  stagings: readonly StagingRecord[],
): StagingRecord {
  const raw = staged === undefined ? undefined : rawPath(staged);
  const found =
    raw === undefined
      ? nearestTo(live, stagings)
      : stagings.find(({ directory }) => wayTo(raw, directory) !== undefined);
  if (found !== undefined) return found;
  throw new ClawbackError("E_FAILED", `nothing was staged for ${readable(live)}`);
}

function nearestTo(live: RawPath, stagings: readonly StagingRecord[]): StagingRecord | undefined {
  return stagings
    .filter(({ directory }) => wayTo(live, dirname(directory)) !== undefined)
    .sort((a, b) => b.directory.length - a.directory.length)[0];
}

/** The directories above, from the inside out. */
function above(path: RawPath): RawPath[] {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...above(parent)];
}

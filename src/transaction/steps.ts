import { ClawbackError } from "../errors.ts";
import type { Hands } from "./hands.ts";
import { look } from "./look.ts";
import { exchangeNatively } from "./native-exchange.ts";
import { readable, type RawPath } from "./raw-path.ts";

/**
 * When a step is done, over all replacements: bars first, then what stays goes over, then trees
 * change places, those with a bar last, and in the end bars leave the old trees.
 */
export const STAGES = ["bar", "carry", "swap", "lift", "tidy"] as const;

/** Something gets another name. What it is, says its inode number. */
interface Move {
  kind: "move";
  stage: (typeof STAGES)[number];
  from: RawPath;
  to: RawPath;
  ino: string;
}

/** Two things change places. */
interface Exchange {
  kind: "exchange";
  stage: (typeof STAGES)[number];
  /** The name that should never lead nowhere. */
  at: RawPath;
  atIno: string;
  with: RawPath;
  withIno: string;
  /** Where one of them may be meanwhile. */
  via: RawPath;
  /** Worth asking the system for an exchange in one call. */
  natively: boolean;
}

export type Step = Move | Exchange;

/**
 * Where the disk is with a step, as names and inode numbers tell. No step of a plan brings a thing
 * back to where a step before it found it, so that this cannot be said of two moments.
 */
export function stateOf(step: Step, dev: string): "before" | "between" | "after" | "elsewhere" {
  if (step.kind === "move") {
    if (holds(step.to, step.ino, dev)) return "after";
    return holds(step.from, step.ino, dev) ? "before" : "elsewhere";
  }
  const first = placesOf(step, step.atIno, dev);
  const second = placesOf(step, step.withIno, dev);
  if (first.length === 0 || second.length === 0) return "elsewhere";
  if (first.length > 1 || second.length > 1) return "between";
  if (first[0] === step.at && second[0] === step.with) return "before";
  return first[0] === step.with && second[0] === step.at ? "after" : "between";
}

/** Does a step, or takes it back, from wherever the disk is with it. */
export function settle(step: Step, way: "forth" | "back", dev: string, hands: Hands): void {
  const state = stateOf(step, dev);
  if (state === (way === "forth" ? "after" : "before")) return;
  if (step.kind === "exchange") {
    if (state === "elsewhere") throw disturbed(step.at);
    settleExchange(step, way, dev, hands);
    return;
  }
  const [from, to] = way === "forth" ? [step.from, step.to] : [step.to, step.from];
  if (state === "elsewhere") throw disturbed(from);
  renameToFree(from, to, hands);
}

function settleExchange(step: Exchange, way: "forth" | "back", dev: string, hands: Hands): void {
  const [comes, goes] = way === "forth" ? [step.withIno, step.atIno] : [step.atIno, step.withIno];
  const coming = placesOf(step, comes, dev);
  const going = placesOf(step, goes, dev);
  if (coming.length + going.length === 2 && !going.includes(step.via) && step.natively) {
    if (coming[0] === step.with && exchangeNatively(step.with, step.at, hands)) return;
  }
  if (!coming.includes(step.at)) {
    const spare = coming.includes(step.with) ? step.via : step.with;
    if (going.length === 1 && going[0] === step.at)
      keepAside(step.at, spare, coming[0] as RawPath, hands);
    hands.rename(coming[0] as RawPath, step.at);
  }
  for (const path of placesOf(step, comes, dev)) if (path !== step.at) hands.unlink(path);
  const left = placesOf(step, goes, dev);
  if (left.includes(step.with)) {
    if (left.includes(step.via)) hands.unlink(step.via);
  } else renameToFree(step.via, step.with, hands);
}

/** A file stays where it is until another one replaces it: it has two names for a moment. */
function keepAside(path: RawPath, spare: RawPath, comes: RawPath, hands: Hands): void {
  const files = [path, comes].every((each) => look(each)?.stat.isFile() === true);
  if (!files || !hands.link(path, spare)) renameToFree(path, spare, hands);
}

/** rename(2) would silently replace a file, or an empty directory, that somebody put there. */
function renameToFree(from: RawPath, to: RawPath, hands: Hands): void {
  if (look(to) !== undefined) {
    throw new ClawbackError("E_OCCUPIED", `something has been put at ${readable(to)} meanwhile`, {
      hint: "Stop what writes there, move it away, and try again.",
    });
  }
  hands.rename(from, to);
}

function placesOf(step: Exchange, ino: string, dev: string): RawPath[] {
  return [step.at, step.with, step.via].filter((path) => holds(path, ino, dev));
}

function holds(path: RawPath, ino: string, dev: string): boolean {
  const seen = look(path);
  return seen !== undefined && seen.ino === ino && seen.dev === dev;
}

export function disturbed(path: RawPath): ClawbackError {
  return new ClawbackError(
    "E_RESTORE_OPEN",
    `${readable(path)} is not what the restore in place that was cut off left there`,
    { hint: "Mount what is not mounted, put back what was moved, and run the command again." },
  );
}

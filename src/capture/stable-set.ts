import { fstatSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errno } from "../errors.ts";
import { copyBytes } from "./copy.ts";
import { inRoom } from "./room.ts";
import { isSettled, orNull, sameStamp, stampOf, TIME_STEP_MS } from "./signature.ts";
import type { FileStamp } from "./signature.ts";
import { withFile } from "./source.ts";

export interface SetJob {
  paths: Buffer[];
  places: string[];
}

export interface SetOutcome {
  /** Copies of those that are there, in the order asked for. */
  files: Array<{ source: Buffer; path: Buffer; size: number }>;
  /** False when a file changed during every attempt. */
  stable: boolean;
}

const ATTEMPTS = 5;
const PAUSE_MS = 60;

/** Copies files that belong together, and checks that none changed, came or went meanwhile. */
export async function copyStableSet({ paths, places }: SetJob): Promise<SetOutcome> {
  const need = (await stampsOf(paths)).reduce((sum, stamp) => sum + Number(stamp?.size ?? 0), 0);
  return inRoom(places, need, async (place) => {
    for (let attempt = 1; ; attempt += 1) {
      const now = Date.now();
      const before = await stampsOf(paths);
      const files = copyAll(paths, join(place, String(attempt)));
      const after = await stampsOf(paths);
      const stable = before.every(
        (stamp, i) =>
          sameStamp(stamp, after[i] ?? null) &&
          (stamp === null || isSettled(stamp, TIME_STEP_MS, now)),
      );
      if (stable || attempt === ATTEMPTS) return { files, stable };
      for (const { path } of files) rmSync(path);
      await sleep(PAUSE_MS);
    }
  });
}

function copyAll(paths: Buffer[], prefix: string): SetOutcome["files"] {
  return paths.flatMap((source, i) => {
    try {
      const path = `${prefix}-${i}`;
      const size = withFile(source, (fd) => copyBytes(fd, fstatSync(fd).size, path));
      return [{ source, path: Buffer.from(path), size }];
    } catch (error) {
      if (errno(error) === "ENOENT") return [];
      throw error;
    }
  });
}

async function stampsOf(paths: Buffer[]): Promise<Array<FileStamp | null>> {
  return Promise.all(paths.map((path) => orNull(() => stampOf(path))));
}

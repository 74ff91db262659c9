import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { HOUSEHOLD } from "./household.ts";
import { Play } from "./play.ts";

const PROGRAM = fileURLToPath(new URL("killed-program.ts", import.meta.url));

/** @returns how many steps it took; undefined: it was killed */
async function run(what: string, play: Play, last: number): Promise<number | undefined> {
  const words = ["--disable-warning=ExperimentalWarning", PROGRAM, what, play.folder, String(last)];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data: Buffer) => (output += data.toString()));
  }
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (signal === "SIGKILL") return undefined;
  expect(code, output).toBe(0);
  return Number(output);
}

/**
 * A restore that is killed at every so many steps, and recovered by another process: once undisturbed,
 * once killed as well, at a step that wanders.
 */
export async function assertSurvivesKills(every: number): Promise<void> {
  let ended = false;
  for (let step = 0; !ended; step += every) {
    using play = new Play(HOUSEHOLD);
    ended = (await run("restore", play, step)) !== undefined;
    const survived = (step * 7) % 31;
    await run("recover", play, (step / every) % 2 === 0 ? Number.POSITIVE_INFINITY : survived);
    await run("recover", play, Number.POSITIVE_INFINITY);
    const now = play.picture();
    expect([play.before, play.expected()], `killed at step ${step}`).toContain(now);
    if (now === play.before) {
      expect(await play.leftovers(), `killed at step ${step}`).toEqual([]);
    } else {
      await play.undo();
      expect(play.picture(), `undone after a kill at step ${step}`).toBe(play.before);
    }
  }
}

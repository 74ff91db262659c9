/** Replaces, or recovers, and is killed by itself at a step: `restore|recover FOLDER STEP`. */
import { currentProcess } from "../../src/fs/process-identity.ts";
import { HOUSEHOLD } from "./household.ts";
import { Play } from "./play.ts";

const [what, folder, last] = process.argv.slice(2);
let taken = 0;
const onStep = (): void => {
  taken += 1;
  if (taken > Number(last)) process.kill(process.pid, "SIGKILL");
};
const play = new Play(HOUSEHOLD, folder);
if (what === "recover") await play.recover(onStep);
else {
  await using transaction = await play.swap(onStep, await currentProcess());
  await transaction.commit();
}
// How many there are, for those who want to be killed at each.
process.exitCode = 0;
process.stdout.write(`${taken}\n`);

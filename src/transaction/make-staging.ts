import { dirname } from "node:path/posix";
import { syncDirectory } from "../fs/directories.ts";
import { applyFacts, touch } from "./directory-facts.ts";
import { handsOn, type OnStep } from "./hands.ts";
import { look } from "./look.ts";
import { bytesOf, type RawPath } from "./raw-path.ts";
import { disturbed } from "./steps.ts";
import { markerOf, markerText } from "./staging.ts";

/**
 * Makes a staging directory, private and marked.
 * @returns its inode number
 */
export async function makeStaging(directory: RawPath, step: OnStep): Promise<string> {
  const hands = handsOn(step);
  // It may be a root itself, which is as it was until the swap.
  const parent = touch(dirname(directory), dirname(directory));
  if (!hands.mkdir(directory)) throw disturbed(directory);
  applyFacts(parent, "before", step);
  hands.write(markerOf(directory), markerText("building"));
  await syncDirectory(bytesOf(directory));
  await syncDirectory(bytesOf(dirname(directory)));
  return look(directory)?.ino ?? "";
}

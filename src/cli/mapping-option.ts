import { Option } from "commander";
import { resolve } from "node:path";
import { expandHome } from "../config/places.ts";
import { ClawbackError } from "../errors.ts";
import type { PathMapping } from "../openclaw/mapping/map-path.ts";
import { collect } from "./command.ts";

/** `--map <old=new>` */
export function mappingOption(): Option {
  return new Option(
    "--map <old=new>",
    "a directory that has another place here; repeat for several",
  ).argParser(collect);
}

/** @throws E_USAGE for what does not name two places */
export function parseMappings(
  texts: readonly string[],
  { cwd, home }: { cwd: string; home: string },
): PathMapping[] {
  return texts.map((text) => {
    const [from = "", to = "", ...more] = text.split("=");
    if (!from.startsWith("/") || to === "" || more.length > 0) {
      throw new ClawbackError("E_USAGE", `--map ${text}: not two places`, {
        hint: "Give the old place as the snapshot has it, and the new one: --map /home/ann=/home/bob",
      });
    }
    return { from: resolve(from), to: resolve(cwd, expandHome(to, home)) };
  });
}

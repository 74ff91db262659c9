import * as fs from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type { Replacement } from "../../src/transaction/replacement.ts";

/** What stands at a path: nothing, a file by its content, or a directory. */
export type Tree = undefined | string | { [name: string]: Tree };

export function plant(path: string, tree: Tree): void {
  if (tree === undefined) return;
  fs.mkdirSync(join(path, ".."), { recursive: true });
  if (typeof tree === "string") return fs.writeFileSync(path, tree);
  fs.mkdirSync(path);
  for (const [name, below] of Object.entries(tree)) plant(join(path, name), below);
  // Times that nobody would have by accident.
  fs.utimesSync(path, 1_600_000_000.25, 1_500_000_000 + Object.keys(tree).length);
}

/** Paths, contents, modes, owners, and the times of directories: equal texts are equal trees. */
export function picture(path: string, where = "."): string {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return `${where} nothing\n`;
  const facts = `${where} ${stat.mode.toString(8)} ${stat.uid}:${stat.gid}`;
  if (stat.isFile()) return `${facts} ${fs.readFileSync(path, "latin1")}\n`;
  if (!stat.isDirectory()) return `${facts} ${fs.readlinkSync(path)}\n`;
  const names = fs
    .readdirSync(path)
    .sort()
    .filter((name) => !name.startsWith(".clawback-restore-"));
  const below = names.map((name) => picture(join(path, name), `${where}/${name}`));
  return `${facts} ${Math.round(stat.mtimeMs)}\n${below.join("")}`;
}

/** One root of a case: what is there, what is to come, and what stays. */
export interface RootCase {
  old: Tree;
  fresh: Tree;
  carry: string[];
  how: Replacement["how"];
  barred: boolean;
  /** A file that stays: there is only a bar in its place for a while. */
  stays?: boolean;
}

const name = fc.constantFrom("a", "b", "c", "d", "openclaw.json");
const { tree } = fc.letrec<{ tree: { [name: string]: Tree }; node: Tree }>((tie) => ({
  tree: fc.dictionary(name, tie("node"), { maxKeys: 4, noNullPrototype: true }) as never,
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.string({ size: "xsmall" }),
    tie("tree"),
  ),
}));

/** Any root that a restore may meet; what is carried fits into the new tree. */
export const rootCase: fc.Arbitrary<RootCase> = fc
  .record({
    old: fc.oneof({ arbitrary: tree, weight: 8 }, fc.constant("a file"), fc.constant(undefined)),
    fresh: fc.oneof(
      { arbitrary: tree, weight: 8 },
      fc.constant("new file"),
      fc.constant(undefined),
    ),
    chosen: fc.array(fc.nat(), { maxLength: 3 }),
    how: fc.constantFrom("whole" as const, "children" as const),
    barred: fc.boolean(),
  })
  .map(({ old, fresh, chosen, how, barred }) => {
    const paths = pathsOf(old).filter((path) => !path.startsWith("openclaw.json/"));
    const isTree = typeof fresh === "object" && typeof old === "object";
    const carry =
      isTree && paths.length > 0 ? chosen.map((at) => paths[at % paths.length] ?? "") : [];
    if (isTree) for (const path of outermost(carry)) makeRoom(fresh, path.split("/"));
    const stays = typeof old === "string" && fresh === undefined && barred;
    return { old, fresh, carry: stays ? [""] : carry, how: isTree ? how : "whole", barred, stays };
  });

export function outermost(paths: readonly string[]): string[] {
  return [...new Set(paths)].filter((path) => !paths.some((other) => path.startsWith(`${other}/`)));
}

function pathsOf(tree: Tree, above = ""): string[] {
  if (typeof tree !== "object") return [];
  return Object.entries(tree).flatMap(([name, node]) => [
    `${above}${name}`,
    ...pathsOf(node, `${above}${name}/`),
  ]);
}

/** The directories above it, and not itself. */
function makeRoom(tree: { [name: string]: Tree }, [name = "", ...rest]: string[]): void {
  if (rest.length === 0) {
    delete tree[name];
    return;
  }
  const below = tree[name];
  const room = typeof below === "object" ? below : {};
  tree[name] = room;
  makeRoom(room, rest);
}

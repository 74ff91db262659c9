import * as fs from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Repository } from "../../src/repository/repository.ts";
import { loadSnapshot } from "../../src/snapshot/snapshots.ts";
import {
  backUp,
  checkAll,
  newRepository,
  nodesOf,
  restoreTree,
  temporaryFolder,
} from "../support/archives.ts";

/*
 * A directory that changes at random, backed up, checked and restored at random, against a model:
 * what each snapshot must hold is what the directory held when it was taken.
 */

/** Path → content; a link is its target after "→". */
type Content = Map<string, string>;
interface Model {
  now: Content;
  snapshots: Content[];
}
interface Real {
  source: string;
  folder: string;
  repository: Repository;
  snapshots: string[];
  restores: number;
}

const names = fc.constantFrom("a", "b", "c", "ä", "x y");
const paths = fc.array(names, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
const contents = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc
    .tuple(fc.nat(5), fc.integer({ min: 1, max: 200_000 }))
    .map(([n, times]) => `${n}`.repeat(times)),
);

/** Takes away whatever is at a path, below it, or stands in the way to it. */
function clear(path: string, model: Model, real: Real): void {
  for (const known of model.now.keys()) {
    const inTheWay = known === path || known.startsWith(`${path}/`) || path.startsWith(`${known}/`);
    if (!inTheWay) continue;
    model.now.delete(known);
    fs.rmSync(join(real.source, known), { force: true });
  }
  fs.rmSync(join(real.source, path), { recursive: true, force: true });
  fs.mkdirSync(join(real.source, path, ".."), { recursive: true });
}

/** A step with what it does; all of them may always be taken. */
class Step implements fc.AsyncCommand<Model, Real> {
  readonly #name: string;
  readonly #act: (model: Model, real: Real) => Promise<void> | void;

  constructor(name: string, act: (model: Model, real: Real) => Promise<void> | void) {
    this.#name = name;
    this.#act = act;
  }
  check(): boolean {
    return true;
  }
  async run(model: Model, real: Real): Promise<void> {
    await this.#act(model, real);
  }
  toString(): string {
    return this.#name;
  }
}

const write = fc.tuple(paths, contents).map(
  ([path, content]) =>
    new Step(`write ${path} (${content.length})`, (model, real) => {
      clear(path, model, real);
      fs.writeFileSync(join(real.source, path), content);
      model.now.set(path, content);
    }),
);

const link = fc.tuple(paths, names).map(
  ([path, target]) =>
    new Step(`link ${path} → ${target}`, (model, real) => {
      clear(path, model, real);
      fs.symlinkSync(target, join(real.source, path));
      model.now.set(path, `→${target}`);
    }),
);

const remove = paths.map(
  (path) => new Step(`remove ${path}`, (model, real) => clear(path, model, real)),
);

const backup = fc.boolean().map(
  (old) =>
    new Step(old ? "back up, an hour on" : "back up", async (model, real) => {
      // An hour on, everything there is old enough to be called unchanged by the next.
      const now = new Date(Date.now() + (old ? 3_600_000 : 0) + real.snapshots.length);
      const { snapshot, failures } = await backUp(real.repository, real.source, { now });
      expect(failures).toEqual([]);
      real.snapshots.push(snapshot);
      model.snapshots.push(new Map(model.now));
    }),
);

const check = fc.constant(
  new Step("check", async (_, { repository }) => {
    expect(await checkAll(repository)).toEqual([]);
  }),
);

const restore = fc.nat(100).map(
  (n) =>
    new Step(`restore ${n}`, async (model, real) => {
      if (real.snapshots.length === 0) return;
      const which = n % real.snapshots.length;
      const { tree } = await loadSnapshot(real.repository, real.snapshots[which] as string);
      const target = join(real.folder, `target-${real.restores++}`);
      const { faults } = await restoreTree(real.repository, tree, target);
      expect(faults).toEqual([]);
      expect(readAll(join(target, real.source))).toEqual(sorted(model.snapshots[which] as Content));
      const files = [...(await nodesOf(real.repository, tree)).values()].filter(
        ({ type }) => type === "file",
      );
      expect(files.length).toBe(
        [...(model.snapshots[which] as Content).values()].filter((each) => !each.startsWith("→"))
          .length,
      );
    }),
);

function sorted(content: Content): [string, string][] {
  return [...content].sort(([a], [b]) => (a < b ? -1 : 1));
}

function readAll(folder: string): [string, string][] {
  const content: Content = new Map();
  const visit = (at: string, prefix: string) => {
    for (const entry of fs.readdirSync(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      const name = `${prefix}${entry.name}`;
      if (entry.isDirectory()) visit(path, `${name}/`);
      else if (entry.isSymbolicLink()) content.set(name, `→${fs.readlinkSync(path)}`);
      else content.set(name, fs.readFileSync(path, "utf8"));
    }
  };
  visit(folder, "");
  return sorted(content);
}

test("every snapshot holds what was there when it was taken", { timeout: 180_000 }, async () => {
  const step = [write, write, write, link, remove, backup, backup, check, restore, restore];
  const commands = fc.commands<Model, Real, false>(step, { maxCommands: 25, size: "max" });
  await fc.assert(
    fc.asyncProperty(commands, async (run) => {
      using folder = temporaryFolder();
      const source = folder.at("source");
      fs.mkdirSync(source);
      const repository = await newRepository();
      const real: Real = { source, folder: folder.path, repository, snapshots: [], restores: 0 };
      await fc.asyncModelRun(() => ({ model: { now: new Map(), snapshots: [] }, real }), run);
    }),
    { numRuns: 8, endOnFailure: true },
  );
});

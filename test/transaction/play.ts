import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { currentProcess, type ProcessIdentity } from "../../src/fs/process-identity.ts";
import { openTransactions, recover } from "../../src/transaction/recover.ts";
import type { Replacement } from "../../src/transaction/replacement.ts";
import { Transaction } from "../../src/transaction/transaction.ts";
import { beginUndo } from "../../src/transaction/undo.ts";
import { outermost, picture, plant, type RootCase, type Tree } from "./trees.ts";

/** A process that has ended: no pid is that large. */
export const DEAD: ProcessIdentity = { ...(await currentProcess()), pid: 2 ** 30 };

/** Where syncing costs nothing. */
const QUICK = fs.existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

export class Cut extends Error {}

/** Lets so many steps happen, and nothing after them, as a kill would. */
export function cutAfter(steps: number): (what: string) => void {
  let taken = 0;
  return () => {
    taken += 1;
    if (taken > steps) throw new Cut(`Cut after ${steps} steps`);
  };
}

/** Some roots on disk, and a journal. */
export class Play implements Disposable {
  readonly folder: string;
  readonly journalDir: string;
  readonly cases: readonly RootCase[];
  /** What the roots were like. */
  readonly before: string;

  /** @param folder one that another process has made; it is a new one else */
  constructor(cases: readonly RootCase[], folder?: string) {
    this.folder = folder ?? fs.mkdtempSync(join(QUICK, "clawback-transaction-"));
    this.journalDir = join(this.folder, "journal");
    this.cases = cases;
    if (folder === undefined) cases.forEach(({ old }, index) => plant(this.live(index), old));
    this.before = this.picture();
  }

  live(index: number): string {
    return join(this.folder, `roots/${index}/live`);
  }

  picture(): string {
    return this.cases.map((_, index) => picture(this.live(index))).join("\n");
  }

  /** What it must look like afterwards: the new trees, and what stays. */
  expected(): string {
    const folder = fs.mkdtempSync(join(QUICK, "clawback-expected-"));
    try {
      const pictures = this.cases.map(({ old, fresh, carry, stays }, index) => {
        const path = join(folder, String(index));
        plant(path, stays === true ? old : carryInto(fresh, old, outermost(carry)));
        if (fresh !== undefined) dress(path, fresh);
        return picture(path);
      });
      return pictures.join("\n");
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  }

  async begin(onStep?: (what: string) => void, owner = DEAD): Promise<Transaction> {
    const about = { why: "a test" };
    const { journalDir } = this;
    return Transaction.begin({ journalDir, owner, about, ...(onStep && { onStep }) });
  }

  async build(transaction: Transaction): Promise<void> {
    const replacements: Replacement[] = [];
    for (const [index, { fresh, carry, how, barred }] of this.cases.entries()) {
      const live = this.live(index);
      const { directory } = await transaction.stage(live);
      const staged = fresh === undefined ? undefined : join(directory, live);
      if (staged !== undefined) plant(staged, fresh);
      const bar = { name: "openclaw.json", content: "not yet" };
      replacements.push({ live, staged, carry, how, ...(barred && { barred: bar }) });
    }
    await transaction.prepare(replacements);
  }

  async swap(onStep?: (what: string) => void, owner = DEAD): Promise<Transaction> {
    const transaction = await this.begin(onStep, owner);
    try {
      await this.build(transaction);
      await transaction.swap();
      return transaction;
    } catch (error) {
      await transaction[Symbol.asyncDispose]();
      throw error;
    }
  }

  async undo(onStep?: (what: string) => void): Promise<void> {
    const { journalDir } = this;
    const options = { journalDir, owner: DEAD, about: {}, ...(onStep && { onStep }) };
    await using transaction = await beginUndo(options);
    await transaction.swap();
    await transaction.commit();
  }

  /** Until it is finished; what was completed is committed, as a command would. */
  async recover(onStep?: (what: string) => void): Promise<string[]> {
    const self = await currentProcess();
    const found = await recover(this.journalDir, self, onStep && { onStep });
    for (const { transaction } of found) {
      await using recovered = transaction;
      if (recovered.phase === "swapped") await recovered.commit();
    }
    return found.map(({ outcome }) => outcome);
  }

  /** Whatever of ours lies about. */
  async leftovers(): Promise<string[]> {
    const open = (await openTransactions(this.journalDir)).map(({ id }) => id);
    const stagings = fs
      .readdirSync(this.folder, { recursive: true })
      .map(String)
      .filter((path) => /\.clawback-restore-[0-9a-f]+$/.test(path));
    return [...open, ...stagings];
  }

  [Symbol.dispose](): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

function carryInto(fresh: Tree, old: Tree, carry: readonly string[]): Tree {
  if (typeof fresh !== "object" || typeof old !== "object") return fresh;
  const names = new Set([...Object.keys(fresh), ...carry.map((path) => path.split("/")[0] ?? "")]);
  return Object.fromEntries(
    [...names].map((name) => {
      if (carry.includes(name)) return [name, old[name]];
      const inside = carry.filter((path) => path.startsWith(`${name}/`));
      const rest = inside.map((path) => path.slice(name.length + 1));
      return [name, carryInto(fresh[name], old[name], rest)];
    }),
  );
}

/** What is carried into a directory does not change its times. */
function dress(path: string, tree: Tree): void {
  if (typeof tree !== "object") return;
  for (const [name, below] of Object.entries(tree)) dress(join(path, name), below);
  fs.utimesSync(path, 1_600_000_000.25, 1_500_000_000 + Object.keys(tree).length);
}

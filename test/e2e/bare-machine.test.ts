import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RecoveryKit } from "../../src/operations/documents.ts";
import { makeLayoutC, type MadeInstance } from "../fixtures/instances.ts";
import { peerTest, resticVersions } from "../peers/peers.ts";
import { Household } from "./household.ts";
import { expectSameRows } from "./same-state.ts";

const NODE = dirname(process.execPath);
const SYSTEM = "/usr/bin:/bin";

let house: Household;
let made: MadeInstance;
let kit: RecoveryKit & { phrase: string };
/** The instance as it was, where nothing looks for it. */
let gone: string;

/** The machine dies: what is left are the disk with the backups, and the phrase on paper. */
beforeAll(async () => {
  house = await Household.create(async (stateDir) => (made = await makeLayoutC(stateDir)));
  await house.json("init");
  kit = await house.json("key export --show-phrase");
  gone = join(house.root, "gone");
  renameSync(house.home, gone);
  await rm(join(house.root, "xdg"), { recursive: true });
});
afterAll(() => house[Symbol.asyncDispose]());

/** A machine with an empty home, in which somebody sits. */
class Machine {
  readonly home: string;
  readonly #path: string;

  constructor(name: string, path = `${NODE}:${SYSTEM}`) {
    this.home = join(house.root, "other", name);
    this.#path = path;
    mkdirSync(this.home, { recursive: true, mode: 0o700 });
  }

  /** Types this into a shell that knows nothing; the answer to every question is yes. */
  type(commands: string, input = "") {
    const env = { PATH: this.#path, HOME: this.home, CLAWBACK_YES: "1" };
    const { stdout, stderr, status } = spawnSync("sh", ["-euc", commands], {
      cwd: this.home,
      env,
      input,
      encoding: "utf8",
    });
    return { stdout, stderr, status };
  }

  works(commands: string, input = ""): string {
    const said = this.type(commands, input);
    expect(said, commands).toMatchObject({ status: 0 });
    return said.stdout;
  }

  at(...names: string[]): string {
    return join(this.home, ...names);
  }
}

/** Of what the instance consists, at its new place. */
function expectInstance(stateDir: string, { isMoved }: { isMoved: boolean }): void {
  for (const path of made.kept) {
    const names = path.startsWith("openclaw.json") || made.databases.includes(path);
    const [was, is] = [join(gone, ".openclaw", path), join(stateDir, path)].map((each) =>
      readFileSync(each, "latin1"),
    );
    if (!names) expect(is, path).toBe(was);
    else expect(is?.includes(made.stateDir), path).toBe(!isMoved && was?.includes(made.stateDir));
  }
  for (const path of made.leftOut) expect(existsSync(join(stateDir, path)), path).toBe(false);
}

async function wordsOf(page: string): Promise<string[]> {
  const text = await readFile(join(import.meta.dirname, "../../docs", page), "utf8");
  return [...text.matchAll(/^```sh\n(.*?)^```$/gmsu)].map(([, block = ""]) => block);
}

test("with Node and the copy of the program: the recovery kit's commands, as they are printed", async () => {
  const machine = new Machine("bob");
  await writeFile(machine.at(kit.passwordFile), `${kit.phrase}\n`, { mode: 0o600 });
  const own = kit.commands.filter((command) => command.startsWith("node "));
  const said = own.map((command) => machine.works(command));
  expect(said).toHaveLength(4);
  expect(said[0]).toMatch(/complete/u);
  expect(said[1]).toMatch(/proven/u);
  // In place, under another home: there the paths are those of here.
  expectInstance(machine.at(".openclaw"), { isMoved: true });
  expect(machine.works(`find .openclaw -type f ! -perm 600 -o -type d ! -perm 700`)).toBe("");
  const config = await readFile(machine.at(".openclaw/openclaw.json"), "utf8");
  expect(config).toContain(machine.at(".openclaw/workspace"));
  // Below a directory: as it was.
  const restored = join(machine.at("restored"), made.stateDir);
  expectInstance(restored, { isMoved: false });
  for (const path of made.databases)
    expectSameRows(join(gone, ".openclaw", path), join(restored, path));
});

test("under the home that it had, nothing is rewritten", async () => {
  const machine = new Machine("at-home");
  await writeFile(machine.at("phrase.txt"), kit.phrase, { mode: 0o600 });
  mkdirSync(house.home, { mode: 0o700 });
  const command = kit.commands.find((each) => each.includes("--in-place")) ?? "";
  machine.works(`HOME=${house.home} ${command}`);
  expectInstance(house.stateDir, { isMoved: false });
});

/** Major version of the system's own Node; undefined: it has none. */
function systemNode(): number | undefined {
  const { error, stdout } = spawnSync("node", ["--version"], {
    env: { PATH: SYSTEM },
    encoding: "utf8",
  });
  return error === undefined ? Number.parseInt(stdout.slice(1), 10) : undefined;
}

test.skipIf((systemNode() ?? 99) >= 24)("a Node that is too old says what to type", async () => {
  const machine = new Machine("carl", SYSTEM);
  const [command = ""] = kit.commands.filter((each) => each.startsWith("node "));
  const { status, stderr } = machine.type(command);
  expect(status).toBe(1);
  const [, typed = ""] = /^hint: npx --yes --package=node@24 -- (.*)$/mu.exec(stderr) ?? [];
  expect(typed).toBe(command);
  await writeFile(machine.at("phrase.txt"), kit.phrase, { mode: 0o600 });
  expect(new Machine("carl").works(typed)).toContain("1 snapshot");
});

test("the playbook, command by command", async () => {
  const blocks = await wordsOf("disaster-playbook.md");
  const machine = new Machine("dora");
  const isOfClawback = (block: string) => !block.includes("restic ");
  const commands = blocks
    .filter(isOfClawback)
    .join("\n")
    .replaceAll("/mnt/backup/openclaw", house.repository);
  expect(commands).toMatch(
    /clawback drill.*clawback restore --in-place --dry-run.*clawback restore --in-place /su,
  );
  // From here on the old repository is this machine's; and the restore can be taken back.
  const said = machine.works(
    `${commands}
     clawback backup --repo ./repository --password-file phrase.txt
     cp -a .openclaw as-restored
     clawback undo`,
    `${kit.phrase}\n`,
  );
  expect(said).toMatch(/no damage found.*proven.*Dry run: .* is what it was in/su);
  expectInstance(machine.at("as-restored"), { isMoved: true });
  expect(existsSync(machine.at(".openclaw"))).toBe(false);
  expect((await readFile(machine.at("phrase.txt"), "utf8")).trim()).toBe(kit.phrase);
  expect(machine.works("stat -c %a phrase.txt").trim()).toBe("600");
});

for (const peer of resticVersions) {
  peerTest(
    `with ${peer.name} and the phrase: the kit's commands and the playbook's`,
    peer,
    async (program) => {
      const bin = join(house.root, `bin-of-${peer.name.replaceAll(" ", "-")}`);
      mkdirSync(bin);
      symlinkSync(program, join(bin, "restic"));
      const own = kit.commands.filter((command) => command.startsWith("restic "));
      const path = `${bin}:${SYSTEM}`;
      const ann = new Machine(`${basename(bin)}-ann`, path);
      await writeFile(ann.at(kit.passwordFile), `${kit.phrase}\n`, { mode: 0o600 });
      for (const command of own) ann.works(command);
      expectInstance(join(ann.at("restored"), made.stateDir), { isMoved: false });

      const bob = new Machine(`${basename(bin)}-bob`, path);
      const blocks = (await wordsOf("disaster-playbook.md")).filter(
        (block) => !block.includes("clawback "),
      );
      const { hostname = "" } = JSON.parse(
        ann.works(`${own[0]} --json --latest 1`.replace("phrase.txt", "./phrase.txt")),
      )[0] as { hostname?: string };
      const commands = blocks
        .join("\n")
        .replaceAll("/mnt/backup/openclaw", house.repository)
        .replaceAll("<host>", hostname)
        .replaceAll("<state directory>", made.stateDir);
      expect(commands).not.toMatch(/<\w/u);
      bob.works(commands, `${kit.phrase}\n`);
      expectInstance(bob.at(".openclaw"), { isMoved: false });
    },
  );
}

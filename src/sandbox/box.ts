import { hostname } from "node:os";
import { dirname, join, sep } from "node:path";
import { realpath } from "node:fs/promises";
import type { InstanceCopy } from "../openclaw/instance-copy.ts";
import { workerScript } from "../worker-pool.ts";
import { fulfilled } from "./box-process.ts";
import { boxScript } from "./box-script.ts";
import { BoxScratch } from "./box-scratch.ts";
import { copyFixtures } from "./copy-fixtures.ts";
import { machineFixture } from "./fixtures.ts";
import type { Fixture } from "./fixtures.ts";
import { type Mount, mountsHere } from "../fs/mount-table.ts";
import type { Answer, Order } from "./orders.ts";
import { accountFixtures, programFixtures, systemFixtures } from "./system-fixtures.ts";

/** Where a box shows what is Clawback's own. */
const OWN = "/run/clawback";
const PATH = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"];

/** Namespaces that a process can get for itself here. */
export interface Namespaces {
  kind: "namespaces";
  /** An ordinary user's; else root's. */
  user: boolean;
}

export interface BoxOptions {
  isolation: Namespaces;
  /** Undefined: an empty box. */
  copy: InstanceCopy | undefined;
  /** The words of the program that will run; what they name is shown. */
  program: readonly string[];
  env: Record<string, string>;
  scratch: string;
  pristine: boolean;
  signal: AbortSignal;
}

export interface BoxAnswer {
  answer: Answer;
  /** What of the copy the box could not show, a sentence each. */
  problems: string[];
}

/**
 * Has an order fulfilled in a new box: in network, mount, process and IPC namespaces of its own,
 * with a root that holds nothing but the system, Node, the program, and the copy at the places where
 * its files are at home. All that was started in it ends with it.
 *
 * @throws E_FAILED when the system does not let it come about
 */
export async function inBox(options: BoxOptions, order: Order): Promise<BoxAnswer> {
  const { isolation, copy, env, pristine, signal } = options;
  await using scratch = await BoxScratch.create(options.scratch, copy);
  const mounts = mountsHere();
  const programs = await programFixtures(mounts);
  const home = copy?.home ?? "/root";
  const owner = isolation.user ? undefined : scratch.owner;
  const own = await ownFixtures(options.program, scratch, mounts);
  const shown = copy && (await copyFixtures(copy, (number) => scratch.upper(number), programs));
  const node = await realpath(process.execPath);
  const worker =
    workerScript(import.meta.url, "box-worker")
      .pathname.split(sep)
      .at(-1) ?? "";
  const script = boxScript({
    root: scratch.root,
    programs,
    fixtures: [
      ...(await systemFixtures(mounts)),
      ...accountFixtures(owner ?? { uid: 0, gid: 0 }, home, hostname()),
      { kind: "directory", at: home },
      ...own,
      ...(shown?.fixtures ?? []),
    ],
    pristine,
    owner,
    command: [node, "--disable-warning=ExperimentalWarning", `${OWN}/src/sandbox/${worker}`],
    cwd: home,
  });
  const become = isolation.user ? ["--user", "--map-root-user"] : [];
  const apart = ["--net", "--mount", "--pid", "--ipc", "--fork", "--kill-child"];
  const words = ["unshare", ...become, ...apart, "sh", await scratch.write("enter", script)];
  const inside = {
    ...env,
    HOME: home,
    PATH: [dirname(node), ...PATH].join(":"),
    TMPDIR: "/tmp",
    NODE_COMPILE_CACHE: `${OWN}/cache`,
  };
  const answer = await fulfilled({ words, env: inside, signal }, order);
  return { answer, problems: shown?.problems ?? [] };
}

/** Node, the program, and the script that serves orders. */
async function ownFixtures(
  program: readonly string[],
  scratch: BoxScratch,
  mounts: readonly Mount[],
): Promise<Fixture[]> {
  const source = dirname(import.meta.dirname);
  const places: [path: string, at?: string][] = [
    [dirname(await realpath(process.execPath))],
    [source, `${OWN}/src`],
    [join(dirname(source), "package.json"), `${OWN}/package.json`],
    ...program.filter((word) => word.startsWith("/")).map((word): [string] => [packagesOf(word)]),
  ];
  const found = await Promise.all(places.map(([path, at]) => machineFixture(path, mounts, at)));
  return [
    ...found.filter((fixture) => fixture !== undefined),
    { kind: "shared", at: `${OWN}/cache`, from: scratch.cache },
  ];
}

/** The directory that a program needs: of a package, where what it depends on lies as well. */
function packagesOf(entry: string): string {
  const parts = entry.split(sep);
  const top = parts.indexOf("node_modules");
  return top < 0 ? dirname(entry) : parts.slice(0, top + 1).join(sep);
}

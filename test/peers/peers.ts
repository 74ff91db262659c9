import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { test } from "vitest";

/**
 * A program of somebody else's that tests compare Clawback with. `test/peers/install.sh` brings
 * them.
 */
export interface Peer {
  name: string;
  /** Absolute path of the program, or undefined when it is not on this machine. */
  program: string | undefined;
}

const PROJECT = resolve(import.meta.dirname, "../..");
const FOLDER = resolve(PROJECT, process.env["CLAWBACK_PEERS"] ?? ".peers");

export const resticVersions = [restic("0.14"), restic("0.18")];
export const openclaw: Peer = found("openclaw", "openclaw/node_modules/openclaw/openclaw.mjs");
/** What OpenClaw has for WhatsApp and for Matrix: the folder of each plugin, with the channels' libraries in it. */
export const whatsappPlugin = found("@openclaw/whatsapp", plugin("whatsapp"));
export const matrixPlugin = found("@openclaw/matrix", plugin("matrix"));
/** A pnpm that runs under the Node of the tests: its store is made of hard links. */
export const pnpm: Peer = found("pnpm", "pnpm/node_modules/pnpm/bin/pnpm.cjs");
/** The system's own: one of a version manager's lies in somebody's home. */
export const python: Peer = at("python3", "/usr/bin/python3");
/** Together with `fusermount` and `/dev/fuse`: a file system in user space, without hard links. */
export const rclone: Peer = onPath("rclone");

/**
 * A test that needs a peer. Where it is missing the test is skipped, and its name says so; under
 * CI=true it fails, so that nothing goes unproven unseen.
 */
export function peerTest(
  name: string,
  peer: Peer,
  run: (program: string) => Promise<void> | void,
  timeout = 120_000,
): void {
  const { program } = peer;
  if (program !== undefined) {
    test(name, { timeout }, () => run(program));
  } else if (process.env["CI"] === "true") {
    test(name, () => {
      throw new Error(`${peer.name} is not there: see test/peers/install.sh`);
    });
  } else {
    test.skip(`${name} (needs ${peer.name}: run test/peers/install.sh)`, () => {});
  }
}

function restic(version: string): Peer {
  const candidates = [join(FOLDER, `restic-${version}/usr/bin/restic`), ...everyOnPath("restic")];
  const program = candidates.find((path) => existsSync(path) && resticVersion(path) === version);
  return { name: `restic ${version}`, program };
}

/** Major and minor number: "0.18". */
function resticVersion(program: string): string | undefined {
  return /restic (\d+\.\d+)/.exec(execFileSync(program, ["version"], { encoding: "utf8" }))?.[1];
}

function plugin(name: string): string {
  return `@openclaw/${name}/node_modules/@openclaw/${name}`;
}

function found(name: string, path: string): Peer {
  return at(name, join(FOLDER, path));
}

function at(name: string, program: string): Peer {
  return { name, program: existsSync(program) ? program : undefined };
}

function onPath(name: string): Peer {
  return { name, program: everyOnPath(name)[0] };
}

function everyOnPath(name: string): string[] {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).filter((path) => existsSync(path));
}

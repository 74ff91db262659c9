import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { errno, hasCode } from "../../errors.ts";
import { findGateway } from "../../gateway/find-gateway.ts";
import { STAND_IN_REPLY } from "../../sandbox/stand-in-model.ts";
import type { OperationContext } from "../context.ts";
import { classifyAt, type KnownRoot } from "../root-index.ts";
import { type Survey, surveyInstance } from "../survey.ts";
import { openFilePool } from "./file-proof.ts";
import type { Fingerprint } from "./file-proof-job.ts";
import { count, type Ledger } from "./ledger.ts";

/** Every file of this machine's instance that a backup takes, by path as latin1, with its hash. */
export type LiveFingerprint = Map<string, Fingerprint>;

/** What a gateway that runs writes to all the time. */
const WRITTEN_BY_GATEWAY = /\.(?:sqlite(?:-wal|-shm|-journal)?|jsonl|log)$|\/logs\//;
const BATCH = 64;

/** @returns undefined where no instance lives on this machine */
export async function fingerprintLive(
  context: OperationContext,
): Promise<{ survey: Survey; files: LiveFingerprint } | undefined> {
  let survey: Survey;
  try {
    survey = await surveyInstance(context);
  } catch (error) {
    if (hasCode(error, "E_NO_INSTANCE")) return undefined;
    throw error;
  }
  return { survey, files: await fingerprint(survey, context.signal) };
}

/** Whether this machine's instance is what it was before: by the hash of each of its files. */
export async function checkUntouched(
  context: OperationContext,
  before: { survey: Survey; files: LiveFingerprint } | undefined,
  ledger: Ledger,
): Promise<void> {
  const add = (ok: boolean | null, evidence: string, details: string[] = []) =>
    ledger.add("boot", "untouched", ok, evidence, details);
  if (before === undefined) {
    add(true, "no instance lives on this machine that could have been touched");
    return;
  }
  const after = await fingerprint(before.survey, context.signal);
  const paths = [...new Set([...before.files.keys(), ...after.keys()])];
  const spoken = paths.filter((path) => after.get(path)?.marked && !before.files.get(path)?.marked);
  if (spoken.length > 0) {
    add(false, "what was said in the drill has reached the live instance", spoken.map(shown));
    return;
  }
  const changed = paths.filter((path) => before.files.get(path)?.hash !== after.get(path)?.hash);
  if (changed.length === 0) {
    add(
      true,
      `all ${count(paths.length, "file")} of the live instance are what they were, by hash`,
    );
    return;
  }
  const others = changed.filter((path) => !WRITTEN_BY_GATEWAY.test(path));
  const runs = await gatewayRuns(context, before.survey);
  const same = `${paths.length - changed.length} of ${count(paths.length, "file")} of the live instance are what they were, by hash`;
  if (runs && others.length === 0) {
    add(
      true,
      `${same}; the rest its own gateway writes while it runs, and nothing of the drill is in it`,
      changed.map(shown),
    );
  } else {
    add(
      null,
      `${same}; others were changed meanwhile, by whom is not known`,
      (runs ? others : changed).map(shown),
    );
  }
}

/** Where it cannot be told, it may. */
async function gatewayRuns(
  { env, home }: OperationContext,
  { instance }: Survey,
): Promise<boolean> {
  const surroundings = { env, home, platform: process.platform };
  return findGateway(instance, surroundings).then(
    (control) => control !== undefined,
    () => true,
  );
}

async function fingerprint({ roots }: Survey, signal: AbortSignal): Promise<LiveFingerprint> {
  const files: LiveFingerprint = new Map();
  await using pool = openFilePool();
  const abort = () => void pool.stop(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  const running: Promise<void>[] = [];
  const send = (paths: string[]) => {
    const work = pool.run({ kind: "fingerprint", paths, marker: STAND_IN_REPLY }).then((result) => {
      if (!("fingerprints" in result)) return;
      for (const [i, path] of paths.entries()) {
        const found = result.fingerprints[i];
        if (found !== undefined) files.set(path, found);
      }
    });
    // Waited for at the end: one that fails before then must not end the process.
    work.catch(() => undefined);
    running.push(work);
  };
  try {
    let batch: string[] = [];
    for (const root of roots) {
      for await (const path of filesOf(root)) {
        signal.throwIfAborted();
        batch.push(path);
        if (batch.length < BATCH) continue;
        send(batch);
        batch = [];
      }
    }
    send(batch);
    await Promise.all(running);
  } finally {
    signal.removeEventListener("abort", abort);
  }
  return files;
}

/** What a backup would take of a root, links not followed. As latin1. */
async function* filesOf(root: KnownRoot): AsyncGenerator<string> {
  const top = Buffer.from(root.realPath);
  if (!root.isDirectory) {
    yield top.toString("latin1");
    return;
  }
  const open = [top];
  for (let directory = open.pop(); directory !== undefined; directory = open.pop()) {
    const found = await entriesOf(directory);
    if (found === undefined) {
      yield directory.toString("latin1");
      continue;
    }
    const names = new Set(found.map(({ name }) => name.toString()));
    for (const entry of found) {
      const path = Buffer.concat([directory, Buffer.from("/"), entry.name]);
      const relative = path.subarray(top.length + 1).toString();
      const isDirectory = entry.isDirectory();
      const { leaveOut } = classifyAt({ root, relative }, isDirectory, (name) => names.has(name));
      if (leaveOut !== undefined) continue;
      if (isDirectory) open.push(path);
      else yield path.toString("latin1");
    }
  }
}

/** Undefined: it went meanwhile, or is not for this user to see. */
async function entriesOf(directory: Buffer): Promise<Dirent<Buffer>[] | undefined> {
  try {
    return await readdir(directory, { withFileTypes: true, encoding: "buffer" });
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES", "EPERM"].includes(errno(error) ?? "")) return undefined;
    throw error;
  }
}

function shown(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString();
}

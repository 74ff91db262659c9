import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rename, rm } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { ClawbackError, errno } from "../errors.ts";
import { currentProcess } from "../fs/process-identity.ts";
import { openScratch } from "../fs/scratch.ts";
import { ENTRY, FETCHED, openclawAt } from "./find-openclaw.ts";
import type { OpenClawProgram } from "./find-openclaw.ts";

const VERSION = /^\d+\.\d+\.\d+(?:-[\w.-]+)?$/;
const MAX_COMPLAINT = 8192;

/**
 * Has npm install a release below Clawback's cache, where it stays. Of all scripts of
 * packages only those of OpenClaw itself are run; half a gigabyte is downloaded. What is there already is not fetched again.
 *
 * @param version as `2026.9.6`
 * @param cacheDir Clawback's own
 * @throws E_USAGE for what is no version; E_FAILED without npm, or with what npm complained of;
 *   E_INTERRUPTED
 */
export async function fetchOpenClaw(
  version: string,
  cacheDir: string,
  { signal, env = process.env }: { signal: AbortSignal; env?: NodeJS.ProcessEnv },
): Promise<OpenClawProgram> {
  if (!VERSION.test(version)) {
    throw new ClawbackError("E_USAGE", `${version} is no version of OpenClaw`);
  }
  const place = join(cacheDir, FETCHED, version);
  const there = await openclawAt(join(place, ENTRY));
  if (there?.version === version) return there;
  await using scratch = await openScratch(join(cacheDir, "fetch"), await currentProcess());
  const fetched = join(scratch.path, version);
  await mkdir(fetched);
  await install(`openclaw@${version}`, fetched, { signal, env });
  await mkdir(join(cacheDir, FETCHED), { recursive: true, mode: 0o700 });
  await rm(place, { recursive: true, force: true });
  await rename(fetched, place);
  const program = await openclawAt(join(place, ENTRY));
  if (program?.version !== version) {
    throw new ClawbackError("E_FAILED", `npm has installed no OpenClaw ${version}`);
  }
  return program;
}

async function install(
  what: string,
  directory: string,
  { signal, env }: { signal: AbortSignal; env: NodeJS.ProcessEnv },
): Promise<void> {
  const quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"];
  await npm(["install", ...quiet, what], directory, { signal, env });
  // OpenClaw itself does not start before its own have run.
  await npm(["rebuild", "openclaw"], directory, { signal, env });
}

async function npm(
  words: readonly string[],
  directory: string,
  { signal, env }: { signal: AbortSignal; env: NodeJS.ProcessEnv },
): Promise<void> {
  const child = spawn("npm", [...words, "--prefix", directory, "--loglevel=error"], {
    cwd: directory,
    // Our own Node first: OpenClaw's scripts refuse an older one.
    env: { ...env, PATH: [dirname(process.execPath), env["PATH"] ?? ""].join(delimiter) },
    stdio: ["ignore", "ignore", "pipe"],
    signal,
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString("utf8")).slice(-MAX_COMPLAINT);
  });
  try {
    await once(child, "close");
  } catch (error) {
    if (signal.aborted) {
      throw new ClawbackError("E_INTERRUPTED", "interrupted while npm fetched OpenClaw");
    }
    const why = errno(error) === "ENOENT" ? "there is no npm here" : "npm could not be run";
    throw new ClawbackError("E_FAILED", why, {
      cause: error,
      hint: "Install npm, or install OpenClaw by hand.",
    });
  }
  if (child.exitCode === 0) return;
  const [why] = /^npm error (?!code).+$/m.exec(said) ?? [];
  throw new ClawbackError(
    "E_FAILED",
    `OpenClaw could not be fetched: ${why ?? "npm said nothing"}`,
    {
      hint: "Install OpenClaw by hand.",
    },
  );
}

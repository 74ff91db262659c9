import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { inBox } from "./box.ts";
import type { Namespaces } from "./box.ts";

/** How well a copy can be kept apart from everything else on this machine. */
export type Isolation = Namespaces | { kind: "none"; why: string };

/**
 * Finds out by going all the way into an empty box: what a kernel offers, a container, AppArmor or
 * a missing tool may still deny. Takes a fraction of a second.
 */
export async function isolationHere(
  signal: AbortSignal = new AbortController().signal,
): Promise<Isolation> {
  if (process.platform !== "linux") {
    return { kind: "none", why: `${process.platform} has no namespaces` };
  }
  const ways: Namespaces[] = [{ kind: "namespaces", user: true }];
  if (process.geteuid?.() === 0) ways.unshift({ kind: "namespaces", user: false });
  let why = "";
  for (const isolation of ways) {
    try {
      await tryOut(isolation, signal);
      return isolation;
    } catch (error) {
      signal.throwIfAborted();
      why ||= messageOf(error);
    }
  }
  return { kind: "none", why };
}

async function tryOut(isolation: Namespaces, signal: AbortSignal): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "clawback-box-"));
  try {
    const program = [await realpath(process.execPath), "--version"];
    const nothing = { copy: undefined, program: [], env: {}, pristine: true };
    await inBox(
      { isolation, ...nothing, scratch, signal },
      { order: "run", words: program, cwd: "/", timeoutMs: 30_000 },
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

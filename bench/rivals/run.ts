import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { bytesBelow } from "../measure.ts";
import { attempt } from "./attempt.ts";
import type { Scene } from "./scene.ts";
import type { Place, Rival } from "./tools.ts";
import type { Verdict } from "./verdict.ts";

/** One capture of a scene by one tool, and what came back of it. */
export interface Run {
  rival: Rival;
  /** By the name of the part. */
  verdicts: Map<string, Verdict>;
  captureSeconds: number;
  storedBytes: number;
  /** How the tool's own check of its result ended; undefined: it has none. */
  checked: boolean | undefined;
  /** Whether a key of the instance can be read in the result without a password. */
  leaks: boolean;
  /** What went wrong on the way: the tool's words. */
  complaints: string[];
}

/** Captures, checks, unpacks and looks. A tool that fails is no error: its result is looked at. */
export async function runRival(rival: Rival, scene: Scene): Promise<Run> {
  const place = makePlace(scene);
  try {
    const complaints: string[] = [];
    const doing = async (name: string, step: Rival["capture"] | undefined) => {
      if (step === undefined) return undefined;
      const result = await attempt(step(place));
      if (result.code !== 0) complaints.push(`${name}: exit ${result.code}: ${result.complaint}`);
      return result;
    };
    await doing("prepare", rival.prepare);
    const parts = scene.parts();
    const captured = await doing("capture", rival.capture);
    const storedBytes = bytesBelow(place.store);
    const leaks = canRead(place.store, scene.secret);
    const checked = await doing("verify", rival.verify);
    await doing("unpack", rival.unpack);
    const root = existsSync(place.target) && (rival.root?.(place) ?? place.target);
    const verdicts = new Map<string, Verdict>();
    for (const part of parts) {
      const lost = { whole: false, found: "nothing came back" };
      verdicts.set(part.name, root === false ? lost : part.judge(root));
    }
    return {
      rival,
      verdicts,
      captureSeconds: captured?.seconds ?? 0,
      storedBytes,
      checked: checked && checked.code === 0,
      leaks,
      complaints,
    };
  } finally {
    rmSync(place.dir, { recursive: true });
  }
}

function makePlace({ lab }: Scene): Place {
  const dir = mkdtempSync(join(tmpdir(), "clawback-rivals-"));
  const passwordFile = join(dir, "password");
  writeFileSync(passwordFile, "a password for a comparison\n", { mode: 0o600 });
  mkdirSync(join(dir, "tmp"));
  return {
    dir,
    passwordFile,
    store: join(dir, "store"),
    target: join(dir, "target"),
    stateDir: lab.stateDir,
    env: { ...lab.env, TMPDIR: join(dir, "tmp") },
  };
}

/** Whether bytes are in any file below a directory, gunzipped where it is gzip. */
export function canRead(directory: string, secret: string): boolean {
  if (!existsSync(directory)) return false;
  return readdirSync(directory, { recursive: true, withFileTypes: true }).some((entry) => {
    if (!entry.isFile()) return false;
    const bytes = readFileSync(join(entry.parentPath, entry.name));
    return (isGzip(bytes) ? gunzipSync(bytes) : bytes).includes(secret);
  });
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

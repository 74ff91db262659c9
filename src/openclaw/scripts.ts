import { open, realpath, stat } from "node:fs/promises";
import { extname } from "node:path";
import { pathsIn } from "./path-tokens.ts";
import { isInstalled, isSystemProgram } from "./system-places.ts";

/** A text that may call something, and whose it is: `the cron job "tidy-up"`. */
export interface CallingText {
  text: string;
  at: string;
}

/** A file that something calls by its absolute path. */
export interface Script {
  /** Absolute, as it is named. */
  path: string;
  /** `called by the cron job "tidy-up"` */
  why: string;
  /** Nobody but its owner may read it. */
  secret: boolean;
}

/** What was found and is not taken. */
export interface LeftOut {
  /** Absolute. */
  path: string;
  /** One clause. */
  reason: string;
}

/** Beyond, it is a program, or data. */
const MAX_SCRIPT = 1024 * 1024;
/** Through how many scripts calls are followed: a job's script, and two levels of what it calls. */
const MAX_DEPTH = 2;
/** More than anybody writes; a bound for texts that name a whole disk. */
const MAX_SCRIPTS = 1000;
/** Characters of scripts that are looked through. */
const MAX_TEXT = 32 << 20;

/** With the dot. */
export const SCRIPT_EXTENSIONS: ReadonlySet<string> = new Set(
  "sh bash zsh fish ksh py rb pl php lua js mjs cjs ts mts ps1 awk r jl tcl applescript"
    .split(" ")
    .map((name) => `.${name}`),
);

/**
 * The files that texts name by an absolute path, by `~/` or by `$HOME/`, found by looking whether
 * they are there, and what those call in turn if they are scripts. Not the system's own programs,
 * and nothing larger than 1 MiB.
 */
export async function findScripts(
  texts: readonly CallingText[],
  { home }: { home: string },
): Promise<{ found: Script[]; left: LeftOut[] }> {
  const found = new Map<string, Script>();
  const left = new Map<string, LeftOut>();
  let calling = [...texts];
  let room = MAX_TEXT;
  for (let depth = 0; depth <= MAX_DEPTH && calling.length > 0; depth += 1) {
    const called: CallingText[] = [];
    for (const { text, at } of calling) {
      for (const path of pathsIn(text, home)) {
        if (found.has(path) || left.has(path) || found.size + left.size >= MAX_SCRIPTS) continue;
        const file = await look(path, home);
        if (file === undefined) continue;
        const why = `called by ${at}`;
        if (file.reason !== undefined) left.set(path, { path, reason: `${why}; ${file.reason}` });
        else found.set(path, { path, why, secret: file.secret });
        if (file.text === undefined || file.text.length > room) continue;
        room -= file.text.length;
        called.push({ text: file.text, at: path });
      }
    }
    calling = called;
  }
  return { found: [...found.values()], left: [...left.values()] };
}

interface Look {
  /** Why it is not taken. */
  reason?: string;
  secret: boolean;
  /** What it says, if it is a script. */
  text?: string;
}

/** Undefined: there is no such file, or it is the system's. */
async function look(path: string, home: string): Promise<Look | undefined> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isFile() !== true) return undefined;
  const real = await realpath(path).catch(() => path);
  if (isSystemProgram(path, home) || isSystemProgram(real, home)) return undefined;
  const secret = (info.mode & 0o077) === 0;
  if (isInstalled(path) || isInstalled(real)) {
    return { secret, reason: "installed; installing brings it back" };
  }
  if (info.size > MAX_SCRIPT) return { secret, reason: "larger than 1 MiB" };
  const text = await scriptText(path);
  return text === undefined ? { secret } : { secret, text };
}

/** What a script says; undefined for what is none, or cannot be read. */
async function scriptText(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, "r");
    const bytes = Buffer.alloc(MAX_SCRIPT);
    const { bytesRead } = await file.read(bytes, 0, MAX_SCRIPT, 0);
    const text = bytes.toString("utf8", 0, bytesRead);
    const isScript = text.startsWith("#!") || SCRIPT_EXTENSIONS.has(extname(path).toLowerCase());
    return isScript && !text.includes("\0") ? text : undefined;
  } catch {
    return undefined;
  }
}

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { CopyRoot, InstanceCopy } from "../../src/openclaw/instance-copy.ts";
import type { OpenClawProgram } from "../../src/sandbox/find-openclaw.ts";

/** A home with a live state in it, and elsewhere a copy of that state, which says so. */
export interface House {
  /** Holds all of it. */
  top: string;
  /** Of the person; it holds `.ssh/id` and `.openclaw`. */
  home: string;
  state: string;
  /** Outside of the home, with a name that shells and mounts trip over. */
  outside: string;
  scratch: string;
  /** Of the state, of the directory outside, and of a file in the home. */
  copy: InstanceCopy;
  /** In the place of OpenClaw: prints, as JSON, what a module exports as default. */
  program: OpenClawProgram;
}

const PROBE = `
const code = "data:text/javascript," + encodeURIComponent(process.argv[2]);
process.stdout.write(JSON.stringify((await import(code)).default ?? null));
`;

export async function buildHouse(): Promise<House & AsyncDisposable> {
  const house = houseAt(await mkdtemp(join(tmpdir(), "clawback-house-")));
  for (const [place, says] of [
    [(path: string) => path, "live"],
    [house.copy.at, "copy"],
  ] as const) {
    await put(join(place(house.state), "openclaw.json"), JSON.stringify({ says }));
    await put(join(place(house.outside), "notes/one.md"), says);
    await put(join(place(house.home), "keys.json"), JSON.stringify({ says }));
  }
  await put(join(house.home, ".ssh/id"), "a key");
  await put(house.program.words[1], PROBE);
  await mkdir(house.scratch, { mode: 0o700 });
  return {
    ...house,
    [Symbol.asyncDispose]: () => rm(house.top, { recursive: true, force: true }),
  };
}

/** The one that was built there. */
export function houseAt(top: string): House {
  const home = join(top, "home");
  const state = join(home, ".openclaw");
  const outside = join(top, "it's, a: disk");
  return {
    top,
    home,
    state,
    outside,
    scratch: join(top, "scratch"),
    copy: {
      stateDir: state,
      configPath: join(state, "openclaw.json"),
      home,
      roots: [
        root("state", state, true),
        root("workspace", outside, true),
        root("secret", join(home, "keys.json"), false),
      ],
      at: (path) => join(top, "copy", path),
    },
    program: { words: [process.execPath, join(top, "program/probe.mjs")], version: "0.0.0" },
  };
}

export function root(kind: CopyRoot["kind"], path: string, isDirectory: boolean): CopyRoot {
  const common = { component: "other" as const, secret: false, nested: [] };
  return { kind, path, realPath: path, isDirectory, ...common };
}

async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, content, { mode: 0o600 });
}

import { chmod, chown, mkdir, mkdtemp, realpath, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { InstanceCopy } from "../openclaw/instance-copy.ts";

interface Owner {
  uid: number;
  gid: number;
}

/** What one box needs of a disk: gone with it. */
export class BoxScratch implements AsyncDisposable {
  /** Where the box's root is mounted. */
  readonly root: string;
  /** Compiled code, which all boxes of a sandbox share. */
  readonly cache: string;
  /** Whose the copy is. */
  readonly owner: Owner;
  readonly #path: string;

  private constructor(path: string, cache: string, owner: Owner) {
    this.#path = path;
    this.root = join(path, "root");
    this.cache = cache;
    this.owner = owner;
  }

  static async create(base: string, copy: InstanceCopy | undefined): Promise<BoxScratch> {
    const real = await realpath(base);
    const path = await mkdtemp(join(real, "box-"));
    const owner = await stat(copy?.at(copy.stateDir) ?? path).catch(() => stat(path));
    const cache = join(real, "cache");
    await mkdir(cache, { recursive: true, mode: 0o700 });
    await give(cache, owner);
    const scratch = new BoxScratch(path, cache, owner);
    await mkdir(scratch.root);
    for (const [number, root] of copy?.roots.entries() ?? []) {
      const shape = await stat(copy?.at(root.realPath) ?? "").catch(() => undefined);
      if (shape?.isDirectory() !== true) continue;
      // A layer over a directory brings the owner and mode that are then seen.
      await mkdir(join(scratch.upper(number), "data"), { recursive: true });
      await mkdir(join(scratch.upper(number), "work"));
      await give(join(scratch.upper(number), "data"), shape);
      await chmod(join(scratch.upper(number), "data"), shape.mode & 0o7777);
    }
    return scratch;
  }

  /** Where what is written to a root of the copy goes. */
  upper(number: number): string {
    return join(this.#path, `upper-${number}`);
  }

  async write(name: string, content: string): Promise<string> {
    const path = join(this.#path, name);
    await writeFile(path, content, { mode: 0o600 });
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#path, { recursive: true, force: true });
  }
}

/** Only root can, and only root needs to. */
async function give(path: string, { uid, gid }: Owner): Promise<void> {
  if (process.geteuid?.() === 0) await chown(path, uid, gid);
}

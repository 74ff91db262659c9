import { mkdir, open, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errno } from "../errors.ts";
import { writeNewFile } from "../fs/atomic.ts";
import { ensurePrivateDirectory, syncDirectory } from "../fs/directories.ts";
import { listFiles, removeStaleTemporaries } from "./local-listing.ts";
import { localFault } from "./local-faults.ts";
import { checkHandle, DIRECTORIES } from "./names.ts";
import { pastTheEnd, resolveRange } from "./ranges.ts";
import type { ByteRange, FileHandle, FileInfo, FileType, Storage } from "./storage.ts";

/** A repository in a directory, laid out as restic's local backend does: `data/<first two hex>/`. */
export class LocalStorage implements Storage {
  readonly location: string;
  readonly concurrency = 4;

  /** @param path absolute */
  constructor(path: string) {
    this.location = path;
  }

  async create(): Promise<void> {
    try {
      for (const directory of Object.values(DIRECTORIES)) {
        await ensurePrivateDirectory(join(this.location, directory));
      }
      const data = join(this.location, DIRECTORIES.pack);
      await Promise.all(hexPairs().map((pair) => makeDirectory(join(data, pair))));
      await syncDirectory(data);
      await syncDirectory(this.location);
    } catch (error) {
      throw await localFault(error, this.location);
    }
  }

  async save(handle: FileHandle, data: Uint8Array): Promise<void> {
    const path = this.#pathOf(handle);
    try {
      await this.#write(path, data);
    } catch (error) {
      throw await localFault(error, path, handle);
    }
    // Once per backup, and by the file system's own clock: ours may be off.
    if (handle.type === "snapshot") await this.#sweep(path);
  }

  async load(handle: FileHandle, range?: ByteRange): Promise<Uint8Array> {
    const path = this.#pathOf(handle);
    try {
      await using file = await open(path, "r");
      const { size } = await file.stat();
      const { offset, length } = resolveRange(handle, size, range);
      // A buffer of its own, not a slice of Node's pool: callers hand it to other threads.
      const data = Buffer.allocUnsafeSlow(length);
      for (let done = 0; done < length;) {
        const { bytesRead } = await file.read(data, done, length - done, offset + done);
        if (bytesRead === 0) throw pastTheEnd(handle, { offset, length }, offset + done);
        done += bytesRead;
      }
      return data;
    } catch (error) {
      throw await localFault(error, path, handle);
    }
  }

  async stat(handle: FileHandle): Promise<FileInfo> {
    const path = this.#pathOf(handle);
    try {
      return { name: handle.name, size: (await stat(path)).size };
    } catch (error) {
      throw await localFault(error, path, handle);
    }
  }

  async *list(type: FileType): AsyncIterable<FileInfo> {
    try {
      yield* listFiles(this.location, type);
    } catch (error) {
      throw await localFault(error, this.location);
    }
  }

  async remove(handle: FileHandle): Promise<void> {
    const path = this.#pathOf(handle);
    try {
      await unlink(path);
      // A removed index that came back after a power cut would name packs that are gone. A pack or
      // lock that comes back is only rubbish, and not worth the wait.
      if (handle.type !== "pack" && handle.type !== "lock") await syncDirectory(dirname(path));
    } catch (error) {
      throw await localFault(error, path, handle);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #pathOf(handle: FileHandle): string {
    checkHandle(handle);
    const { type, name } = handle;
    if (type === "config") return join(this.location, "config");
    const directory = join(this.location, DIRECTORIES[type]);
    return type === "pack" ? join(directory, name.slice(0, 2), name) : join(directory, name);
  }

  /** Tools that copy repositories drop empty directories; those below the root come back here. */
  async #write(path: string, data: Uint8Array): Promise<void> {
    try {
      await writeNewFile(path, data, { mode: 0o400 });
    } catch (error) {
      if (errno(error) !== "ENOENT") throw error;
      await stat(this.location);
      await ensurePrivateDirectory(dirname(path));
      await writeNewFile(path, data, { mode: 0o400 });
    }
  }

  async #sweep(justWritten: string): Promise<void> {
    try {
      await removeStaleTemporaries(this.location, (await stat(justWritten)).mtimeMs);
    } catch {
      // The file is safely stored; rubbish that cannot be removed today will be tried tomorrow.
    }
  }
}

function hexPairs(): string[] {
  return Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (errno(error) !== "EEXIST" || !(await stat(path)).isDirectory()) throw error;
  }
}

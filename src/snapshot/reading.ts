import { closeSync, constants, openSync, readSync } from "node:fs";
import { errno } from "../errors.ts";
import { pageAligned } from "../wasm.ts";

/** Never waits for a fifo's writer, leaves the time of access alone where it may. */
export function openForReading(path: string | Buffer, more: number): number {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | more;
  try {
    return openSync(path, flags | (constants.O_NOATIME ?? 0));
  } catch (error) {
    // Only the owner may leave the time of access alone.
    if (errno(error) !== "EPERM") throw error;
    return openSync(path, flags);
  }
}

/** What the kernel wants positions and lengths to be multiples of, at most. */
const ALIGNMENT = 4096;

/**
 * Reads past the page cache. Through it, every page of a hole is first made, then copied, and pushes
 * out a page that somebody needs: sixty times as slow.
 */
export class DirectReader {
  readonly #fd: number;
  readonly #bytes: Uint8Array;
  #works = true;

  private constructor(fd: number, size: number) {
    this.#fd = fd;
    this.#bytes = pageAligned(size);
  }

  /**
   * @param fd of a file that is open for reading
   * @param size bytes of a read
   * @returns undefined where there is no such way
   */
  static of(fd: number, size: number): DirectReader | undefined {
    if (constants.O_DIRECT === undefined) return undefined;
    try {
      // The same file, whatever its path leads to by now.
      return new DirectReader(openForReading(`/proc/self/fd/${fd}`, constants.O_DIRECT), size);
    } catch {
      return undefined;
    }
  }

  /** Fills `target` from a position. @returns how much, or undefined: to be read in the usual way */
  read(target: Uint8Array, position: number): number | undefined {
    const bytes = this.#bytes;
    if (!this.#works || target.length !== bytes.length || position % ALIGNMENT !== 0) {
      return undefined;
    }
    try {
      const read = readSync(this.#fd, bytes, 0, bytes.length, position);
      target.set(bytes.subarray(0, read));
      return read;
    } catch {
      // Not on this file system; or a fault of the disk, which the usual way will tell of.
      this.#works = false;
      return undefined;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

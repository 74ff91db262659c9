import { closeSync, fstatSync, openSync, rmSync, statSync } from "node:fs";
import { errno } from "../errors.ts";
import { copyDatabase } from "./copy.ts";
import type { Copied } from "./logged-copy.ts";
import { sidecar } from "./path.ts";
import type { RawPath } from "./path.ts";
import { Pin } from "./pin.ts";
import type { Source } from "./source.ts";
import { WalReader } from "./wal.ts";
import type { WalContents } from "./wal.ts";

/** The files were replaced, or changed their kind, between two looks at them. */
export class SourceMovedError extends Error {}

/**
 * A live database of which one commit can be held, read and copied at full speed, under a pinned
 * read transaction. {@link take} decides which commit; it is quick, so that several databases can
 * be held as of almost the same moment. Dispose of it soon.
 *
 * Why a copy is one commit exactly: let `m` be the last frame that the pin protects, and `M` the
 * last commit that {@link WalReader} finds after the pin; `M >= m`, as frames up to `m` stand in
 * the log already. A checkpoint may write to the main file while it is copied, but only pages of
 * frames up to `m`. Each of these pages is in the log's map, so the copy takes it from the log and
 * what the main file holds there, torn or not, does not matter. All other pages rest. Frames up to
 * `M` are never overwritten while the log is not started anew, and a pin at `m > 0` forbids that.
 *
 * When the log was wholly in the main file at the pin, SQLite reads the main file alone and holds
 * lock 0: no checkpoint can write to it, but a writer may start the log anew. He may only while
 * everything in the log is in the main file, which with lock 0 held means: while nothing was
 * committed since the pin. So when the log's header has changed, the main file alone is the commit.
 *
 * Without a log, the SHARED lock keeps the main file as it is.
 */
export class PinnedDatabase implements Disposable {
  readonly source: Source;
  readonly mainFd: number;
  readonly #walFd: number | undefined;
  readonly #log: WalReader | undefined;
  readonly #pin: Pin;
  readonly #opened: DisposableStack;

  /**
   * Opens everything and reads the log; holds nothing yet.
   *
   * @throws SourceMovedError, or node:sqlite's error when the pin cannot be had
   */
  constructor(source: Source) {
    using opened = new DisposableStack();
    const open = (path: RawPath) => opened.adopt(openSync(path, "r"), closeSync);
    this.source = source;
    this.mainFd = open(source.path);
    this.#walFd =
      source.signature.wal === null ? undefined : ifThere(() => open(sidecar(source.path, "-wal")));
    this.#log = this.#walFd === undefined ? undefined : new WalReader(this.#walFd);
    this.#log?.advance();
    // The last to be opened is the first to be closed: see the rule about locks in `pin.ts`.
    this.#pin = opened.use(new Pin(source.path));
    this.#opened = opened.move();
  }

  /** Reads what was committed meanwhile, so that {@link take} need not. */
  catchUp(): void {
    this.#log?.advance();
  }

  /**
   * Holds the newest commit from here on.
   *
   * @throws as the constructor does
   */
  take(): void {
    this.#pin.take();
    this.#log?.advance();
  }

  /**
   * To be called once it is taken, before it is read.
   *
   * @throws SourceMovedError
   */
  confirm(): void {
    const { path } = this.source;
    if (!isNamed(this.mainFd, path) || !isNamed(this.#walFd, sidecar(path, "-wal"))) {
      throw new SourceMovedError("its files were replaced");
    }
  }

  /** Where the pinned commit can be asked by SQL. */
  get database(): Pin["database"] {
    return this.#pin.database;
  }

  /** For how long it has been held, in ms. */
  get heldMs(): number {
    return this.#pin.heldMs;
  }

  /** Bytes of a copy. */
  get size(): number {
    const { wal } = this;
    return wal ? wal.pageCount * wal.pageSize : fstatSync(this.mainFd).size;
  }

  /** What the log has of it. */
  get wal(): WalContents | undefined {
    return this.#log?.contents;
  }

  /** Copies the commit that is held to a new file. */
  copyTo(image: string): Copied {
    const { size: mainSize } = fstatSync(this.mainFd);
    const { wal } = this;
    const overlay = wal && this.#walFd !== undefined ? { fd: this.#walFd, wal } : undefined;
    if (overlay !== undefined && this.#log?.isStale === false) {
      const size = copyDatabase(this.mainFd, mainSize, overlay, image);
      if (!this.#log.isStale) return { size, wal };
      rmSync(image);
    }
    return { size: copyDatabase(this.mainFd, mainSize, undefined, image), wal: undefined };
  }

  [Symbol.dispose](): void {
    this.#opened.dispose();
  }
}

function ifThere<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (errno(error) === "ENOENT") throw new SourceMovedError("its log is gone", { cause: error });
    throw error;
  }
}

/** Whether the open file, or none, is what the name leads to. */
function isNamed(fd: number | undefined, path: RawPath): boolean {
  const named = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (fd === undefined || named === undefined) return fd === named;
  const opened = fstatSync(fd, { bigint: true });
  return opened.ino === named.ino && opened.dev === named.dev;
}

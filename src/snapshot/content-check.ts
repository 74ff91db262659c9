import JSON5 from "json5";
import { loadWasm, type WasmGlobal, type WasmMemory } from "../wasm.ts";
import type { ContentFinding, ContentFormat } from "./content-format.ts";

/**
 * Bytes. What is no JSON is held, to be tried as JSON5, up to here: at its worst that takes two
 * hundred times as much memory.
 */
const MAX_JSON5 = 1 << 20;

interface JsonExports {
  readonly memory: WasmMemory;
  readonly CAPACITY: WasmGlobal;
  readonly DATA: WasmGlobal;
  begin(lineByLine: boolean): void;
  feed(length: number): void;
  finish(): number;
  lineCount(): number;
  damagedCount(): number;
  firstDamagedLine(): number;
  failureOffset(): number;
}

/** What `finish` answers. */
const WELL = 0;
const EMPTY = 2;

/**
 * Parses files as their bytes stream by, one file at a time. Nothing is held but a `json5` file, and
 * nothing of the content is ever in what is found: it may be secret.
 */
export class ContentCheck {
  readonly #code = loadWasm<JsonExports>(new URL("./json.wasm", import.meta.url));
  readonly #data: Uint8Array;
  #format: ContentFormat = "json";
  #held: Buffer[] = [];
  #size = 0;

  constructor() {
    const { memory, CAPACITY, DATA } = this.#code;
    this.#data = new Uint8Array(memory.buffer, DATA.value, CAPACITY.value);
  }

  /** A new file; what came before is forgotten. */
  begin(format: ContentFormat): void {
    this.#format = format;
    this.#held = [];
    this.#size = 0;
    this.#code.begin(format === "jsonl");
  }

  /** The next bytes of the file. */
  add(bytes: Uint8Array): void {
    this.#size += bytes.length;
    if (this.#format === "json5") this.#hold(bytes);
    for (let at = 0; at < bytes.length; at += this.#data.length) {
      const part = bytes.subarray(at, at + this.#data.length);
      this.#data.set(part);
      this.#code.feed(part.length);
    }
  }

  /** After the last bytes. */
  finish(): ContentFinding {
    const end = this.#code.finish();
    const held = this.#held;
    this.#held = [];
    if (this.#format === "jsonl") return this.#lines(end);
    if (end === WELL) return finding(undefined);
    if (end === EMPTY) return finding("it is empty");
    if (this.#format === "json") return finding(this.#whereJsonFailed());
    if (this.#size > MAX_JSON5) {
      const problem = "it is no JSON, and too large to be tried as JSON5";
      return { ...finding(undefined), problem };
    }
    return finding(whereJson5Fails(held));
  }

  #lines(end: number): ContentFinding {
    const lines = this.#code.lineCount();
    const damaged = this.#code.damagedCount();
    const unfinished = end !== WELL && end !== EMPTY;
    if (damaged === 0) return { lines, damaged, unfinished };
    const first = this.#code.firstDamagedLine();
    const problem =
      damaged === 1
        ? `line ${first} is not JSON`
        : `${damaged} of ${lines} lines are not JSON, the first of them line ${first}`;
    return { lines, damaged, unfinished, problem };
  }

  #whereJsonFailed(): string {
    const offset = this.#code.failureOffset();
    return offset < 0 ? "it breaks off: not JSON" : `it is not JSON from byte ${offset} on`;
  }

  #hold(bytes: Uint8Array): void {
    if (this.#size <= MAX_JSON5) this.#held.push(Buffer.from(bytes));
    else this.#held = [];
  }
}

function finding(problem: string | undefined): ContentFinding {
  if (problem === undefined) return { lines: 0, damaged: 0, unfinished: false };
  return { lines: 0, damaged: 1, unfinished: false, problem };
}

/** Undefined when the bytes are JSON5. */
function whereJson5Fails(bytes: readonly Uint8Array[]): string | undefined {
  try {
    JSON5.parse(Buffer.concat(bytes).toString("utf8"));
    return undefined;
  } catch (error) {
    const { lineNumber, columnNumber } = error as { lineNumber?: number; columnNumber?: number };
    const where = lineNumber === undefined ? "" : ` at line ${lineNumber}, column ${columnNumber}`;
    return `it is not JSON5${where}`;
  }
}

import { roomyBuffer } from "../bytes.ts";
import { Compressor, decompressInto } from "../compression/zstd.ts";
import { Sealer, SEALED_OVERHEAD, type SymmetricKey } from "../crypto/sealer.ts";
import { ClawbackError } from "../errors.ts";
import { idOf } from "./ids.ts";

/**
 * Packs: blobs back to back ‖ sealed header ‖ uint32 LE length of the sealed header
 * (restic design, "Pack Format").
 */
export type BlobType = "data" | "tree";

export interface PackedBlob {
  type: BlobType;
  /** Hex SHA-256 of the plain bytes. */
  id: string;
  /** Of the sealed blob within the pack. */
  offset: number;
  /** Of the sealed blob: plain (or compressed) length + 32. */
  length: number;
  /** Plain length when compressed, else 0: the plain length is then `length - 32`. */
  uncompressedLength: number;
}

/** Length of a blob's plain bytes. */
export function plainLength(blob: Pick<PackedBlob, "length" | "uncompressedLength">): number {
  return blob.uncompressedLength || blob.length - SEALED_OVERHEAD;
}

/** A pack that is full: its bytes, its name, and what lies in it. */
export interface FinishedPack {
  id: string;
  /** The whole file: a view on the buffer that was given to the builder. */
  bytes: Uint8Array<ArrayBuffer>;
  blobs: PackedBlob[];
}

/** No blob is larger, of data by the chunker's rule, of a tree by far; a hostile index may not fill the memory. */
const MAX_PLAIN = 1 << 30;

/**
 * A pack is closed when the next blob would make it larger. Less than restic's default of 16 MiB,
 * since every thread fills one in memory; more than the largest chunk of a file.
 */
export const PACK_SIZE = 10 << 20;
/** Bytes of a header entry: type, two lengths, id; without compression there is one length. */
const HEADER_ENTRY_MAX = 41;
const HEADER_ENTRY_PLAIN = 37;
/** Keeps the header below half a MiB however small the blobs are. */
const MAX_BLOBS = 12_000;
/** The buffer that a builder needs: a full pack, its header, and the header's seal and length. */
export const PACK_BUFFER_SIZE = PACK_SIZE + MAX_BLOBS * HEADER_ENTRY_MAX + SEALED_OVERHEAD + 4;

export interface BlobCoder {
  sealer: Sealer;
  /** Undefined in a repository of version 1, which knows no compression. */
  compressor: Compressor | undefined;
  /** For blobs up to SMALL_BLOB. */
  smallCompressor: Compressor | undefined;
}

/**
 * The pages of databases come in chunks up to this size. On these zstd's level 1 is as small as
 * level 3 (2.16 times on 8 KiB of our sample either way) and a third faster.
 */
const SMALL_BLOB = 32 << 10;
const SMALL_LEVEL = 1;

/** What a thread needs to make blobs: its own, since none of it is shared. */
export function blobCoder(key: SymmetricKey, version: 1 | 2): BlobCoder {
  return {
    sealer: new Sealer(key),
    compressor: version === 1 ? undefined : new Compressor(),
    smallCompressor: version === 1 ? undefined : new Compressor(SMALL_LEVEL),
  };
}

/**
 * Fills one buffer with sealed blobs of one type. Everything is synchronous and lives on the
 * thread that calls it; `finish` hands the buffer out, `reset` takes the next one.
 */
export class PackBuilder {
  readonly #type: BlobType;
  readonly #coder: BlobCoder;
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #used = 0;
  #blobs: PackedBlob[] = [];
  readonly #opener: BlobOpener;

  constructor(type: BlobType, coder: BlobCoder) {
    this.#type = type;
    this.#coder = coder;
    // What was compressed is sealed by then: its memory is free.
    const { compressor } = coder;
    this.#opener = new BlobOpener(
      coder.sealer,
      compressor && ((length) => compressor.scratch(length)),
    );
  }

  get isEmpty(): boolean {
    return this.#blobs.length === 0;
  }

  get needsBuffer(): boolean {
    return this.#buffer === undefined;
  }

  /** Takes a buffer of PACK_BUFFER_SIZE bytes to fill. */
  reset(buffer: Uint8Array<ArrayBuffer>): void {
    this.#buffer = buffer;
    this.#used = 0;
    this.#blobs = [];
  }

  /** Whether a blob of so many plain bytes is sure to fit. */
  hasRoomFor(plainBytes: number): boolean {
    return (
      this.isEmpty ||
      (this.#used + plainBytes + SEALED_OVERHEAD <= PACK_SIZE && this.#blobs.length < MAX_BLOBS)
    );
  }

  /**
   * Compresses, seals, appends, and then opens what it sealed and compares: a bit that flipped on
   * the way (bad memory, a bug) is found before the original is gone, not at the restore.
   *
   * @param id hex SHA-256 of `plain`
   * @returns bytes added to the pack
   * @throws E_DAMAGED when what was sealed does not open to the same bytes
   */
  add(plain: Uint8Array, id: string): number {
    const buffer = this.#buffer;
    if (buffer === undefined) throw new Error("no buffer to pack into");
    const { sealer, compressor, smallCompressor } = this.#coder;
    const frame = (plain.length <= SMALL_BLOB ? smallCompressor : compressor)?.compress(plain);
    const body = frame ?? plain;
    const length = sealer.sealInto(body, buffer, this.#used);
    const blob: PackedBlob = {
      type: this.#type,
      id,
      offset: this.#used,
      length,
      uncompressedLength: frame === undefined ? 0 : plain.length,
    };
    const sealed = buffer.subarray(this.#used, this.#used + length);
    if (Buffer.compare(this.#opener.openUnproven(sealed, blob), plain) !== 0) {
      throw new ClawbackError("E_DAMAGED", "a blob did not open to what was sealed", {
        hint: "this machine's memory may be faulty: nothing of it was stored; test the memory, then try again",
      });
    }
    this.#used += length;
    this.#blobs.push(blob);
    return length;
  }

  /** Closes the pack: its bytes are a view on the buffer, which now belongs to the caller. */
  finish(): FinishedPack {
    const buffer = this.#buffer;
    if (buffer === undefined || this.isEmpty) throw new Error("no blobs to make a pack of");
    const header = encodeHeader(this.#blobs);
    const sealed = this.#coder.sealer.sealInto(header, buffer, this.#used);
    const end = this.#used + sealed;
    new DataView(buffer.buffer, buffer.byteOffset).setUint32(end, sealed, true);
    const bytes = buffer.subarray(0, end + 4);
    const pack = { id: idOf(bytes), bytes, blobs: this.#blobs };
    this.#buffer = undefined;
    this.#blobs = [];
    return pack;
  }
}

/** Bytes of a pack file that holds these blobs and nothing else. */
export function packSize(blobs: readonly PackedBlob[]): number {
  let size = SEALED_OVERHEAD + 4;
  for (const blob of blobs) {
    size += blob.length + (blob.uncompressedLength > 0 ? HEADER_ENTRY_MAX : HEADER_ENTRY_PLAIN);
  }
  return size;
}

function encodeHeader(blobs: PackedBlob[]): Buffer {
  const header = Buffer.allocUnsafe(blobs.length * HEADER_ENTRY_MAX);
  let at = 0;
  for (const blob of blobs) {
    const compressed = blob.uncompressedLength > 0;
    header[at] = (blob.type === "tree" ? 1 : 0) | (compressed ? 2 : 0);
    header.writeUInt32LE(blob.length, at + 1);
    at += 5;
    if (compressed) {
      header.writeUInt32LE(blob.uncompressedLength, at);
      at += 4;
    }
    header.write(blob.id, at, "hex");
    at += 32;
  }
  return header.subarray(0, at);
}

/**
 * The blobs that a pack's own header names.
 *
 * @throws E_DAMAGED when the header does not open, or does not describe the file without gaps
 */
export function parsePack(bytes: Uint8Array, sealer: Sealer): PackedBlob[] {
  const damaged = (what: string) => new ClawbackError("E_DAMAGED", `a pack's header ${what}`);
  if (bytes.length < 4 + SEALED_OVERHEAD) throw damaged("is cut off");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const sealedLength = view.getUint32(bytes.length - 4, true);
  const headerStart = bytes.length - 4 - sealedLength;
  if (sealedLength < SEALED_OVERHEAD || headerStart < 0) throw damaged("has an impossible length");
  const header = Buffer.from(sealer.open(bytes.subarray(headerStart, bytes.length - 4)));
  const blobs: PackedBlob[] = [];
  let at = 0;
  let offset = 0;
  while (at < header.length) {
    const kind = header[at] as number;
    const size = kind & 2 ? HEADER_ENTRY_MAX : HEADER_ENTRY_PLAIN;
    if (kind > 3 || at + size > header.length) throw damaged("has an unknown entry");
    const length = header.readUInt32LE(at + 1);
    const uncompressedLength = kind & 2 ? header.readUInt32LE(at + 5) : 0;
    const id = header.toString("hex", at + size - 32, at + size);
    blobs.push({ type: kind & 1 ? "tree" : "data", id, offset, length, uncompressedLength });
    offset += length;
    at += size;
  }
  if (offset !== headerStart) throw damaged("does not account for every byte");
  return blobs;
}

/** Opens blobs one after another in memory of its own, which grows to the largest and stays. */
export class BlobOpener {
  readonly #sealer: Sealer;
  readonly #scratch: (length: number) => Uint8Array;
  #opened: Uint8Array = Buffer.alloc(0);
  #plain: Uint8Array = Buffer.alloc(0);

  /** @param scratch somebody else's memory for the first step, if it is free whenever this is used */
  constructor(sealer: Sealer, scratch?: (length: number) => Uint8Array) {
    this.#sealer = sealer;
    this.#scratch = scratch ?? ((length) => this.#own(length));
  }

  /**
   * A blob's plain bytes, proven to be what its id says. A view that the next call overwrites.
   *
   * @param sealed exactly the blob's bytes in the pack
   * @throws E_DAMAGED
   */
  open(
    sealed: Uint8Array,
    { id, length, uncompressedLength }: Pick<PackedBlob, "id" | "length" | "uncompressedLength">,
  ): Uint8Array {
    const plain = this.openUnproven(sealed, { id, length, uncompressedLength });
    if (idOf(plain) !== id) {
      throw new ClawbackError("E_DAMAGED", `blob ${id.slice(0, 8)} does not match its id`);
    }
    return plain;
  }

  /** The same without the proof by hash, for whoever has the plain bytes to compare with. */
  openUnproven(
    sealed: Uint8Array,
    { id, length, uncompressedLength }: Pick<PackedBlob, "id" | "length" | "uncompressedLength">,
  ): Uint8Array {
    if (sealed.length !== length || length < SEALED_OVERHEAD || uncompressedLength > MAX_PLAIN) {
      throw new ClawbackError("E_DAMAGED", `blob ${id.slice(0, 8)} has an impossible length`);
    }
    const opened = this.#scratch(length);
    const body = opened.subarray(0, this.#sealer.openInto(sealed, opened));
    return uncompressedLength > 0 ? this.#decompress(body, uncompressedLength) : body;
  }

  #own(length: number): Uint8Array {
    if (this.#opened.length < length) this.#opened = roomyBuffer(length);
    return this.#opened;
  }

  #decompress(body: Uint8Array, length: number): Uint8Array {
    // One byte more than the content, as `decompressInto` asks.
    if (this.#plain.length <= length) this.#plain = roomyBuffer(length + 1);
    decompressInto(body, length, this.#plain);
    return this.#plain.subarray(0, length);
  }
}

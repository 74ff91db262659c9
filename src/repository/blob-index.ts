import { ClawbackError } from "../errors.ts";
import type { BlobType, PackedBlob } from "./pack.ts";

/** Where a blob lies. */
export interface BlobLocation extends PackedBlob {
  /** Hex id of the pack. */
  pack: string;
}

/** The known blobs as shared memory: valid until the next `addPack`. */
export interface IndexShare {
  ids: SharedArrayBuffer;
  types: SharedArrayBuffer;
  slots: SharedArrayBuffer;
}

const ID_BYTES = 32;
/** pack number, offset, sealed length, plain length if compressed */
const FIELDS = 4;
export const DATA = 0;
const TREE = 1;

/**
 * Which pack holds which blob, for the whole repository. Flat tables instead of objects: 49 bytes
 * a blob plus the hash slots, so that ten million blobs are half a gigabyte and not five. The
 * tables are shared memory: `share()` gives other threads the set of known blobs without a copy.
 *
 * A blob that lies in several packs (two hosts stored it at once) is listed once, where first seen.
 */
export class BlobIndex {
  readonly #packs: string[] = [];
  #capacity: number;
  #count = 0;
  #ids: Uint8Array<SharedArrayBuffer>;
  #types: Uint8Array<SharedArrayBuffer>;
  #fields: Uint32Array<ArrayBuffer>;
  #slots: Int32Array<SharedArrayBuffer>;

  constructor(expectedBlobs = 1024) {
    this.#capacity = Math.max(1024, Math.ceil(expectedBlobs));
    this.#ids = new Uint8Array(new SharedArrayBuffer(this.#capacity * ID_BYTES));
    this.#types = new Uint8Array(new SharedArrayBuffer(this.#capacity));
    this.#fields = new Uint32Array(this.#capacity * FIELDS);
    this.#slots = new Int32Array(new SharedArrayBuffer(slotCount(this.#capacity) * 4));
  }

  get size(): number {
    return this.#count;
  }

  get packCount(): number {
    return this.#packs.length;
  }

  addPack(pack: string, blobs: Iterable<PackedBlob>): void {
    const packNumber = this.#packs.push(pack) - 1;
    const raw = Buffer.allocUnsafe(ID_BYTES);
    for (const blob of blobs) {
      raw.write(blob.id, "hex");
      const typeNumber = blob.type === "tree" ? TREE : DATA;
      if (this.#find(raw, typeNumber) >= 0) continue;
      if (this.#count === this.#capacity) this.#grow();
      const entry = this.#count++;
      this.#ids.set(raw, entry * ID_BYTES);
      const at = entry * FIELDS;
      this.#fields[at] = packNumber;
      this.#fields[at + 1] = blob.offset;
      this.#fields[at + 2] = blob.length;
      this.#fields[at + 3] = blob.uncompressedLength;
      this.#types[entry] = typeNumber;
      this.#insertSlot(entry);
    }
  }

  has(type: BlobType, id: string): boolean {
    return this.#find(Buffer.from(id, "hex"), type === "tree" ? TREE : DATA) >= 0;
  }

  /** @throws E_DAMAGED when no index names the blob */
  locate(type: BlobType, id: string): BlobLocation {
    const location = this.find(type, id);
    if (location === undefined) {
      throw new ClawbackError("E_DAMAGED", `no index knows ${type} blob ${id.slice(0, 8)}`, {
        hint: "`clawback check` tells what is missing",
      });
    }
    return location;
  }

  find(type: BlobType, id: string): BlobLocation | undefined {
    const entry = this.#find(Buffer.from(id, "hex"), type === "tree" ? TREE : DATA);
    if (entry < 0) return undefined;
    const at = entry * FIELDS;
    return {
      type,
      id,
      pack: this.#packs[this.#fields[at] as number] as string,
      offset: this.#fields[at + 1] as number,
      length: this.#fields[at + 2] as number,
      uncompressedLength: this.#fields[at + 3] as number,
    };
  }

  /** For `KnownBlobs` on other threads. */
  share(): IndexShare {
    return { ids: this.#ids.buffer, types: this.#types.buffer, slots: this.#slots.buffer };
  }

  #find(raw: Uint8Array, typeNumber: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = startSlot(raw, 0, mask); ; slot = (slot + 1) & mask) {
      const entry = (this.#slots[slot] as number) - 1;
      if (entry < 0) return -1;
      if (this.#types[entry] === typeNumber && sameId(this.#ids, entry * ID_BYTES, raw)) {
        return entry;
      }
    }
  }

  #insertSlot(entry: number): void {
    const mask = this.#slots.length - 1;
    let slot = startSlot(this.#ids, entry * ID_BYTES, mask);
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = entry + 1;
  }

  #grow(): void {
    this.#capacity *= 2;
    const ids = new Uint8Array(new SharedArrayBuffer(this.#capacity * ID_BYTES));
    ids.set(this.#ids);
    this.#ids = ids;
    const types = new Uint8Array(new SharedArrayBuffer(this.#capacity));
    types.set(this.#types);
    this.#types = types;
    const fields = new Uint32Array(this.#capacity * FIELDS);
    fields.set(this.#fields);
    this.#fields = fields;
    this.#slots = new Int32Array(new SharedArrayBuffer(slotCount(this.#capacity) * 4));
    for (let entry = 0; entry < this.#count; entry++) this.#insertSlot(entry);
  }
}

/** A power of two, at most half full. */
function slotCount(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(capacity * 2));
}

/** Ids are SHA-256: any of their bits are as good as a hash of them. */
export function startSlot(bytes: Uint8Array, at: number, mask: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) &
    mask
  );
}

export function sameId(bytes: Uint8Array, at: number, raw: Uint8Array): boolean {
  for (let i = 0; i < ID_BYTES; i++) if (bytes[at + i] !== raw[i]) return false;
  return true;
}

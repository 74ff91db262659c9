import { DATA, type IndexShare, sameId, startSlot } from "./blob-index.ts";

const ID_BYTES = 32;
const EMPTY = 0;
const BUSY = 1;
const TAKEN = 2;
/** 1.2 GB at 36 bytes each, of which only what is used takes memory: a sparse file of petabytes gets no more. */
const MAX_SLOTS = 2 ** 25;

/** What a thread needs to join in: shared memory only, so it costs nothing to send. */
export interface KnownBlobsShare {
  index: IndexShare;
  newIds: SharedArrayBuffer;
  newStates: SharedArrayBuffer;
}

/**
 * The data blobs that need not be stored: those of the repository's index, and those that some thread
 * of this run has already taken upon itself. Lock-free: a slot goes empty → busy → taken once.
 *
 * When the table of new blobs is full, further blobs are all "new": stored twice at worst, which
 * the format allows and the next prune cleans up.
 */
export class KnownBlobs {
  readonly #indexIds: Uint8Array;
  readonly #indexTypes: Uint8Array;
  readonly #indexSlots: Int32Array;
  readonly #newIds: Uint8Array;
  readonly #newStates: Int32Array;

  constructor(share: KnownBlobsShare) {
    this.#indexIds = new Uint8Array(share.index.ids);
    this.#indexTypes = new Uint8Array(share.index.types);
    this.#indexSlots = new Int32Array(share.index.slots);
    this.#newIds = new Uint8Array(share.newIds);
    this.#newStates = new Int32Array(share.newStates);
  }

  /** @param expectedNew how many new blobs this run may bring at most; the table has room for twice as many */
  static share(index: IndexShare, expectedNew: number): KnownBlobsShare {
    const wanted = Math.min(Math.max(1024, expectedNew * 2), MAX_SLOTS);
    const slots = 2 ** Math.ceil(Math.log2(wanted));
    return {
      index,
      newIds: new SharedArrayBuffer(slots * ID_BYTES),
      newStates: new SharedArrayBuffer(slots * 4),
    };
  }

  /**
   * True when the blob is new and now ours to store; false when it is known or another thread's.
   *
   * @param rawId 32 bytes
   */
  claim(rawId: Uint8Array): boolean {
    if (this.#isIndexed(rawId)) return false;
    const states = this.#newStates;
    const mask = states.length - 1;
    let slot = startSlot(rawId, 0, mask);
    // Bounded: a table that is nearly full is not searched to its end.
    for (let probes = 0; probes < 256; probes++, slot = (slot + 1) & mask) {
      let state = Atomics.load(states, slot);
      if (state === EMPTY) {
        state = Atomics.compareExchange(states, slot, EMPTY, BUSY);
        if (state === EMPTY) {
          this.#newIds.set(rawId, slot * ID_BYTES);
          Atomics.store(states, slot, TAKEN);
          return true;
        }
      }
      while (state === BUSY) state = Atomics.load(states, slot);
      if (sameId(this.#newIds, slot * ID_BYTES, rawId)) return false;
    }
    return true;
  }

  #isIndexed(rawId: Uint8Array): boolean {
    const mask = this.#indexSlots.length - 1;
    for (let slot = startSlot(rawId, 0, mask); ; slot = (slot + 1) & mask) {
      const entry = (this.#indexSlots[slot] as number) - 1;
      if (entry < 0) return false;
      if (this.#indexTypes[entry] === DATA && sameId(this.#indexIds, entry * ID_BYTES, rawId)) {
        return true;
      }
    }
  }
}

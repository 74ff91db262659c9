import { createHash, randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { generateKey, Sealer } from "../crypto/sealer.ts";
import { hasCode } from "../errors.ts";
import { idOf } from "./ids.ts";
import {
  blobCoder,
  BlobOpener,
  type BlobType,
  PACK_BUFFER_SIZE,
  PACK_SIZE,
  packSize,
  PackBuilder,
  parsePack,
  plainLength,
} from "./pack.ts";

const key = generateKey();
const sealer = new Sealer(key);
const isDamaged = expect.toSatisfy((error) => hasCode(error, "E_DAMAGED"));

function builder(type: BlobType = "data", version: 1 | 2 = 2): PackBuilder {
  const made = new PackBuilder(type, blobCoder(key, version));
  made.reset(new Uint8Array(PACK_BUFFER_SIZE));
  return made;
}

function pack(blobs: readonly Uint8Array[], type: BlobType = "data", version: 1 | 2 = 2) {
  const made = builder(type, version);
  for (const blob of blobs) made.add(blob, idOf(blob));
  return made.finish();
}

/** Bytes that shrink, bytes that do not, small and large. */
const blobs = fc.array(
  fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 300 }),
    fc
      .tuple(fc.integer({ min: 1, max: 100_000 }), fc.nat(255))
      .map(([length, byte]) => new Uint8Array(length).fill(byte)),
    fc.integer({ min: 1, max: 100_000 }).map((length) => randomBytes(length)),
  ),
  { minLength: 1, maxLength: 20 },
);

test("what was packed is told by the header and opens again", () => {
  fc.assert(
    fc.property(
      blobs,
      fc.constantFrom<BlobType>("data", "tree"),
      fc.constantFrom<1 | 2>(1, 2),
      (plain, type, version) => {
        const { id, bytes, blobs: told } = pack(plain, type, version);
        expect(id).toBe(createHash("sha256").update(bytes).digest("hex"));
        expect(bytes.length).toBe(packSize(told));
        expect(parsePack(bytes, sealer)).toEqual(told);
        const opener = new BlobOpener(sealer);
        for (const [i, blob] of told.entries()) {
          expect(blob.type).toBe(type);
          expect(plainLength(blob)).toBe(plain[i]?.length);
          const sealed = bytes.subarray(blob.offset, blob.offset + blob.length);
          expect(Buffer.compare(opener.open(sealed, blob), plain[i] as Uint8Array)).toBe(0);
        }
        if (version === 1) expect(told.every((blob) => blob.uncompressedLength === 0)).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});

test("one header names compressed and uncompressed blobs", () => {
  const { bytes, blobs: told } = pack([Buffer.alloc(5000, "a"), randomBytes(50), Buffer.from("x")]);
  expect(told.map(({ uncompressedLength }) => uncompressedLength)).toEqual([5000, 0, 0]);
  expect(parsePack(bytes, sealer)).toEqual(told);
});

test("the blobs of a full pack stay within PACK_SIZE, the file within its buffer", () => {
  for (const size of [1, 700, 65_536, 1 << 20]) {
    const made = builder();
    const noise = randomBytes(size + 20_000);
    let count = 0;
    while (made.hasRoomFor(size)) {
      const blob = noise.subarray(count % 20_000, (count % 20_000) + size);
      made.add(blob, idOf(blob));
      count++;
    }
    const { bytes, blobs: told } = made.finish();
    const last = told.at(-1);
    expect((last?.offset ?? 0) + (last?.length ?? 0)).toBeLessThanOrEqual(PACK_SIZE);
    expect(bytes.length).toBeLessThanOrEqual(PACK_BUFFER_SIZE);
    expect(parsePack(bytes, sealer)).toHaveLength(count);
  }
});

test("a builder that was emptied begins anew", () => {
  const made = builder();
  made.add(Buffer.from("one"), idOf(Buffer.from("one")));
  const first = made.finish();
  expect(made.needsBuffer).toBe(true);
  expect(made.isEmpty).toBe(true);
  expect(() => made.finish()).toThrow("no blobs");
  made.reset(new Uint8Array(PACK_BUFFER_SIZE));
  made.add(Buffer.from("two"), idOf(Buffer.from("two")));
  expect(made.finish().blobs[0]?.offset).toBe(0);
  expect(parsePack(first.bytes, sealer)[0]?.id).toBe(idOf(Buffer.from("one")));
});

test("a bit that flips on the way is found before anything is stored", () => {
  class FaultySealer extends Sealer {
    override sealInto(plain: Uint8Array, out: Uint8Array, outOffset: number): number {
      const length = super.sealInto(Buffer.from(plain).fill(0, 0, 1), out, outOffset);
      return length;
    }
  }
  const made = new PackBuilder("data", { ...blobCoder(key, 2), sealer: new FaultySealer(key) });
  made.reset(new Uint8Array(PACK_BUFFER_SIZE));
  const noise = randomBytes(100).fill(1, 0, 1);
  expect(() => made.add(noise, idOf(noise))).toThrow(isDamaged);
  expect(made.isEmpty).toBe(true);
});

test("every cut, every bit that flips in header or length, and every byte more is found", () => {
  const { bytes } = pack([Buffer.alloc(500, "a"), randomBytes(40)]);
  for (let length = 0; length < bytes.length; length++) {
    expect(() => parsePack(bytes.subarray(0, length), sealer), `cut to ${length}`).toThrow(
      isDamaged,
    );
  }
  const headerLength = new DataView(bytes.buffer).getUint32(bytes.length - 4, true);
  for (let at = bytes.length - 4 - headerLength; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1 << (at % 8);
    expect(() => parsePack(changed, sealer), `byte ${at}`).toThrow(isDamaged);
  }
  expect(() => parsePack(Buffer.concat([Buffer.of(0), bytes]), sealer)).toThrow(isDamaged);
});

test("every bit that flips in a blob is found when it is opened", () => {
  const { bytes, blobs: told } = pack([Buffer.alloc(300, "a"), randomBytes(60)]);
  const opener = new BlobOpener(sealer);
  for (const blob of told) {
    for (let at = 0; at < blob.length; at++) {
      const sealed = Buffer.from(bytes.subarray(blob.offset, blob.offset + blob.length));
      sealed[at]! ^= 0x80;
      expect(() => opener.open(sealed, blob), `byte ${at}`).toThrow(isDamaged);
    }
    const sealed = bytes.subarray(blob.offset, blob.offset + blob.length);
    for (const wrong of [
      { ...blob, id: idOf(Buffer.from("another")) },
      { ...blob, length: blob.length - 1 },
      { ...blob, length: 3 },
      { ...blob, uncompressedLength: blob.uncompressedLength + 1 },
      { ...blob, uncompressedLength: 2 ** 32 - 1 },
    ]) {
      expect(() => opener.open(sealed, wrong), JSON.stringify(wrong)).toThrow(isDamaged);
    }
    expect(opener.open(sealed, blob)).toHaveLength(plainLength(blob));
  }
});

test("a header that the key holds good but that makes no sense is refused", () => {
  const entry = (kind: number, length: number) => {
    const made = Buffer.alloc(kind & 2 ? 41 : 37, 7);
    made[0] = kind;
    made.writeUInt32LE(length, 1);
    return made;
  };
  const file = (body: Buffer, header: Buffer) => {
    const sealed = sealer.seal(header);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(sealed.length);
    return Buffer.concat([body, sealed, length]);
  };
  const body = Buffer.alloc(50);
  expect(parsePack(file(body, entry(0, 50)), sealer)).toHaveLength(1);
  expect(parsePack(file(body, Buffer.concat([entry(1, 20), entry(3, 30)])), sealer)).toHaveLength(
    2,
  );
  for (const header of [
    entry(4, 50),
    entry(0, 49),
    entry(0, 51),
    entry(2, 50).subarray(0, 40),
    Buffer.alloc(0),
    Buffer.concat([entry(0, 50), Buffer.of(0)]),
  ]) {
    expect(() => parsePack(file(body, header), sealer)).toThrow(isDamaged);
  }
});

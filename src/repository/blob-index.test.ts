import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hasCode } from "../errors.ts";
import { BlobIndex } from "./blob-index.ts";
import type { BlobType, PackedBlob } from "./pack.ts";

function id(number: number): string {
  return createHash("sha256").update(String(number)).digest("hex");
}

/** The same first four bytes for all: they meet in one slot. */
function crowdedId(number: number): string {
  return `00000000${id(number).slice(8)}`;
}

function blob(name: string, type: BlobType = "data", offset = 0): PackedBlob {
  return { type, id: name, offset, length: 100, uncompressedLength: 0 };
}

type Model = Map<string, { pack: string; blob: PackedBlob }>;
type Real = { index: BlobIndex };

class AddPack implements fc.Command<Model, Real> {
  readonly blobs: PackedBlob[];
  readonly pack: string;
  constructor(pack: string, blobs: PackedBlob[]) {
    this.pack = pack;
    this.blobs = blobs;
  }
  check(): boolean {
    return true;
  }
  run(model: Model, { index }: Real): void {
    index.addPack(this.pack, this.blobs);
    for (const each of this.blobs) {
      const key = `${each.type} ${each.id}`;
      if (!model.has(key)) model.set(key, { pack: this.pack, blob: each });
    }
    expect(index.size).toBe(model.size);
  }
  toString(): string {
    return `add ${this.blobs.length} to ${this.pack.slice(0, 8)}`;
  }
}

class Find implements fc.Command<Model, Real> {
  readonly type: BlobType;
  readonly id: string;
  constructor(type: BlobType, name: string) {
    this.type = type;
    this.id = name;
  }
  check(): boolean {
    return true;
  }
  run(model: Model, { index }: Real): void {
    const known = model.get(`${this.type} ${this.id}`);
    expect(index.has(this.type, this.id)).toBe(known !== undefined);
    expect(index.find(this.type, this.id)).toEqual(known && { pack: known.pack, ...known.blob });
  }
  toString(): string {
    return `find ${this.type} ${this.id.slice(0, 8)}`;
  }
}

const types = fc.constantFrom<BlobType>("data", "tree");
const ids = fc.oneof(fc.nat(400).map(id), fc.nat(400).map(crowdedId));
const length = fc.oneof(fc.nat(1000), fc.constantFrom(2 ** 31, 2 ** 32 - 1));
const packed = fc.record({
  type: types,
  id: ids,
  offset: length,
  length,
  uncompressedLength: length,
});

test("behaves as a map", () => {
  const commands = fc.commands([
    fc
      .tuple(fc.nat(50), fc.array(packed, { maxLength: 40 }))
      .map(([n, all]) => new AddPack(id(n), all)),
    fc.tuple(types, ids).map(([type, name]) => new Find(type, name)),
  ]);
  fc.assert(
    fc.property(commands, (run) => {
      fc.modelRun(() => ({ model: new Map() as Model, real: { index: new BlobIndex() } }), run);
    }),
    { numRuns: 100 },
  );
});

test.each([undefined, 1, 1500.7, 3000, 20_000])(
  "grows beyond the %s it was made for",
  (expected) => {
    const index = new BlobIndex(expected);
    const count = 30_000;
    for (let from = 0; from < count; from += 1000) {
      index.addPack(
        id(-1 - from),
        Array.from({ length: 1000 }, (_, i) => blob(id(from + i), "data", from + i)),
      );
    }
    expect(index.size).toBe(count);
    expect(index.packCount).toBe(30);
    for (let i = 0; i < count; i++) {
      expect(index.find("data", id(i))?.offset, String(i)).toBe(i);
    }
    expect(index.has("data", id(count))).toBe(false);
  },
);

test("data and tree of the same bytes are two blobs", () => {
  const index = new BlobIndex();
  index.addPack(id(1), [blob(id(7), "data", 1)]);
  expect(index.has("tree", id(7))).toBe(false);
  index.addPack(id(2), [blob(id(7), "tree", 2)]);
  expect(index.find("data", id(7))).toMatchObject({ pack: id(1), offset: 1 });
  expect(index.find("tree", id(7))).toMatchObject({ pack: id(2), offset: 2 });
});

test("a blob of several packs is where it was first", () => {
  const index = new BlobIndex();
  index.addPack(id(1), [blob(id(7), "data", 1)]);
  index.addPack(id(2), [blob(id(7), "data", 2)]);
  expect(index.size).toBe(1);
  expect(index.locate("data", id(7)).pack).toBe(id(1));
});

test("a blob that is nowhere is damage", () => {
  const missing = () => new BlobIndex().locate("tree", id(7));
  expect(missing).toThrow(expect.toSatisfy((error) => hasCode(error, "E_DAMAGED")));
});

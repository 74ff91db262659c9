import fc from "fast-check";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { WalReader } from "./wal.ts";
import type { WalContents } from "./wal.ts";

interface Frame {
  page: number;
  fill: number;
  /** Pages after the commit; 0 for a frame that is none. */
  commit: number;
  /** The first salt, when it is not the header's. */
  salt?: number;
}

/** A log as the file format describes it, written without the code under test. */
function encodeWal(frames: Frame[], { pageSize = 512, big = false, salt = 7 } = {}): Buffer {
  let sums: [number, number] = [0, 0];
  const add = (bytes: Buffer) => {
    for (let i = 0; i < bytes.length; i += 8) {
      const word = (at: number) => (big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
      const first = (sums[0] + word(i) + sums[1]) % 2 ** 32;
      sums = [first, (sums[1] + word(i + 4) + first) % 2 ** 32];
    }
  };
  const put = (into: Buffer, at: number) => {
    into.writeUInt32BE(sums[0], at);
    into.writeUInt32BE(sums[1], at + 4);
  };
  const header = Buffer.alloc(32);
  [big ? 0x377f0683 : 0x377f0682, 3007000, pageSize, 1, salt, 9].forEach((value, i) =>
    header.writeUInt32BE(value, 4 * i),
  );
  add(header.subarray(0, 24));
  put(header, 24);
  const encoded = frames.map(({ page, fill, commit, salt: own = salt }) => {
    const frame = Buffer.alloc(24 + pageSize, fill);
    [page, commit, own, 9].forEach((value, i) => frame.writeUInt32BE(value, 4 * i));
    add(frame.subarray(0, 8));
    add(frame.subarray(24));
    put(frame, 16);
    return frame;
  });
  return Buffer.concat([header, ...encoded]);
}

function parse(bytes: Buffer): WalContents | undefined {
  const directory = mkdtempSync(join(tmpdir(), "clawback-wal-"));
  try {
    writeFileSync(join(directory, "wal"), bytes);
    const fd = openSync(join(directory, "wal"), "r");
    try {
      return new WalReader(fd).advance();
    } finally {
      closeSync(fd);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const frame = fc.record({
  page: fc.integer({ min: 1, max: 9 }),
  fill: fc.integer({ min: 0, max: 255 }),
  commit: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 9 })),
});
const options = fc.record({ pageSize: fc.constantFrom(512, 4096, 65536), big: fc.boolean() });

test("finds the newest committed frame of every page, and nothing after a fault", () => {
  const property = fc.property(
    fc.array(frame, { maxLength: 40 }),
    options,
    fc.option(fc.nat(), { nil: undefined }),
    (frames, given, fault) => {
      const bytes = encodeWal(frames, given);
      const frameSize = 24 + given.pageSize;
      let whole = frames.length;
      if (fault !== undefined) {
        const at = fault % bytes.length;
        bytes[at] = (bytes[at] as number) ^ 0x10;
        whole = at < 32 ? 0 : Math.floor((at - 32) / frameSize);
      }
      const last = frames.slice(0, whole).findLastIndex(({ commit }) => commit > 0);
      const wal = parse(bytes);
      if (last < 0) {
        expect(wal).toBeUndefined();
        return;
      }
      const expected = new Map<number, number>();
      for (let i = 0; i <= last; i += 1)
        expected.set(frames[i]?.page ?? 0, 32 + i * frameSize + 24);
      expect(wal).toMatchObject({ frames: last + 1, pageCount: frames[last]?.commit });
      expect(wal?.pages).toEqual(expected);
    },
  );
  fc.assert(property, { numRuns: 300 });
});

test("stops at frames of an earlier turn of the log", () => {
  const old = encodeWal(
    [1, 2, 3].map((page) => ({ page, fill: 1, commit: 3 })),
    { salt: 6 },
  );
  const fresh = encodeWal([{ page: 1, fill: 2, commit: 3 }]);
  const mixed = Buffer.concat([fresh, old.subarray(fresh.length)]);
  expect(parse(mixed)).toMatchObject({ frames: 1, pages: new Map([[1, 56]]) });
});

test("a frame with other salts ends the log even if its checksum fits", () => {
  const frames = [{ page: 1, fill: 1, commit: 2 }];
  const wal = parse(encodeWal([...frames, { page: 2, fill: 1, commit: 2, salt: 8 }]));
  expect(wal).toMatchObject({ frames: 1 });
});

test("a log that is empty, short or foreign holds nothing", () => {
  expect(parse(Buffer.alloc(0))).toBeUndefined();
  expect(parse(Buffer.alloc(20))).toBeUndefined();
  expect(parse(Buffer.alloc(4096))).toBeUndefined();
  expect(parse(encodeWal([]))).toBeUndefined();
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { hasCode } from "../errors.ts";
import { decodeIndex, encodeIndex, encodeIndexedPack, type IndexedPack } from "./index-file.ts";

const ID = "0123456789abcdef".repeat(4);
const OTHER = "f".repeat(64);

const number = fc.oneof(fc.nat(1000), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
const id = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((raw) => Buffer.from(raw).toString("hex"));
const packs: fc.Arbitrary<IndexedPack[]> = fc.array(
  fc.record({
    id,
    blobs: fc.array(
      fc.record({
        id,
        type: fc.constantFrom<"data" | "tree">("data", "tree"),
        offset: number,
        length: number,
        uncompressedLength: number,
      }),
    ),
  }),
);

test("decoding inverts encoding", () => {
  fc.assert(
    fc.property(packs, (given) => {
      const json = encodeIndex(given.map(encodeIndexedPack));
      expect(decodeIndex(json)).toEqual(given);
      // Written by hand: it has to be what a parser of JSON takes.
      expect(JSON.parse(json.toString())).toHaveProperty("packs");
    }),
  );
});

test("an index as restic writes it", () => {
  const json =
    `{"supersedes":["${OTHER}"],"packs":[{"id":"${ID}","blobs":[` +
    `{"id":"${OTHER}","type":"data","offset":0,"length":38,"uncompressed_length":1200},` +
    `{"id":"${ID}","type":"data","offset":38,"length":150}]},{"id":"${OTHER}","blobs":[` +
    `{"id":"${ID}","type":"tree","offset":0,"length":612,"uncompressed_length":2000}]}]}\n`;
  expect(decodeIndex(Buffer.from(json))).toEqual([
    {
      id: ID,
      blobs: [
        { id: OTHER, type: "data", offset: 0, length: 38, uncompressedLength: 1200 },
        { id: ID, type: "data", offset: 38, length: 150, uncompressedLength: 0 },
      ],
    },
    {
      id: OTHER,
      blobs: [{ id: ID, type: "tree", offset: 0, length: 612, uncompressedLength: 2000 }],
    },
  ]);
});

const blob = { id: ID, type: "data", offset: 0, length: 100 };
const hostile: unknown[] = [
  null,
  [],
  1,
  "packs",
  {},
  { packs: null },
  { packs: {} },
  { packs: [null] },
  { packs: [1] },
  { packs: [{ id: ID }] },
  { packs: [{ id: ID, blobs: null }] },
  { packs: [{ id: "../../config", blobs: [] }] },
  { packs: [{ id: ID.toUpperCase(), blobs: [] }] },
  ...[
    null,
    7,
    { ...blob, id: "0" },
    { ...blob, id: undefined },
    { ...blob, type: "lock" },
    { ...blob, type: "__proto__" },
    { ...blob, offset: -1 },
    { ...blob, offset: 1.5 },
    { ...blob, offset: "0" },
    { ...blob, length: 2 ** 32 },
    { ...blob, length: null },
    { ...blob, uncompressed_length: -1 },
    { ...blob, uncompressed_length: 1e300 },
    { ...blob, uncompressed_length: "1" },
  ].map((each) => ({ packs: [{ id: ID, blobs: [each] }] })),
];

test.each(hostile.map((json) => JSON.stringify(json)))("%s is damage", (json) => {
  expect(() => decodeIndex(Buffer.from(json))).toThrow(
    expect.toSatisfy((error) => hasCode(error, "E_DAMAGED")),
  );
});

test("whatever the bytes, it is an index or damage", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((json) => Buffer.from(json)),
      ),
      (bytes) => {
        try {
          decodeIndex(bytes);
        } catch (error) {
          expect(hasCode(error, "E_DAMAGED")).toBe(true);
        }
      },
    ),
  );
});

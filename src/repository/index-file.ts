import { ClawbackError } from "../errors.ts";
import { isId } from "./ids.ts";
import type { PackedBlob } from "./pack.ts";

/** A pack as an index names it. */
export interface IndexedPack {
  id: string;
  blobs: PackedBlob[];
}

/** An index file holds about so many blobs; a pack stands whole in exactly one. */
export const INDEX_BLOBS = 40_000;

/**
 * One pack's entry in an index file. Encoded when the pack is stored and kept as bytes: forty
 * thousand blobs as objects and strings take ten times the room.
 */
export function encodeIndexedPack({ id: pack, blobs }: IndexedPack): Buffer {
  const entries = blobs.map(({ id, type, offset, length, uncompressedLength }) => {
    const plain = uncompressedLength ? `,"uncompressed_length":${uncompressedLength}` : "";
    return `{"id":"${id}","type":"${type}","offset":${offset},"length":${length}${plain}}`;
  });
  return Buffer.from(`{"id":"${pack}","blobs":[${entries.join(",")}]}`);
}

/** `{packs:[{id, blobs:[{id,type,offset,length,uncompressed_length?}]}]}` (restic design, "Indexing"). */
export function encodeIndex(packs: readonly Buffer[]): Uint8Array {
  const comma = Buffer.from(",");
  const parts = packs.flatMap((pack, i) => (i === 0 ? [pack] : [comma, pack]));
  return Buffer.concat([Buffer.from('{"packs":['), ...parts, Buffer.from("]}")]);
}

/** @throws E_DAMAGED */
export function decodeIndex(json: Uint8Array): IndexedPack[] {
  const damaged = (what: string) => new ClawbackError("E_DAMAGED", `an index file ${what}`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(json.buffer, json.byteOffset, json.length).toString("utf8"));
  } catch {
    throw damaged("is not JSON");
  }
  const packs = (parsed as { packs?: unknown } | null)?.packs;
  if (!Array.isArray(packs)) throw damaged("names no packs");
  return packs.map((pack: { id?: unknown; blobs?: unknown } | null) => {
    if (!isId(pack?.id) || !Array.isArray(pack.blobs)) throw damaged("names a pack without an id");
    const blobs = pack.blobs.map((blob: Record<string, unknown> | null): PackedBlob => {
      const { id, type, offset, length } = blob ?? {};
      const uncompressedLength = blob?.["uncompressed_length"] ?? 0;
      if (
        !isId(id) ||
        (type !== "data" && type !== "tree") ||
        !isLength(offset) ||
        !isLength(length) ||
        !isLength(uncompressedLength)
      ) {
        throw damaged("holds an entry that is not a blob");
      }
      return { id, type, offset, length, uncompressedLength };
    });
    return { id: pack.id, blobs };
  });
}

function isLength(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 32;
}

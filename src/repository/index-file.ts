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

/** `{packs:[{id, blobs:[{id,type,offset,length,uncompressed_length?}]}]}` (restic design, "Indexing"). */
export function encodeIndex(packs: IndexedPack[]): Buffer {
  // Built by hand: the ids need no escaping, and JSON.stringify over new objects costs twice as much.
  const parts: string[] = [];
  for (const pack of packs) {
    const blobs = pack.blobs.map((blob) => {
      const plain = blob.uncompressedLength
        ? `,"uncompressed_length":${blob.uncompressedLength}`
        : "";
      return `{"id":"${blob.id}","type":"${blob.type}","offset":${blob.offset},"length":${blob.length}${plain}}`;
    });
    parts.push(`{"id":"${pack.id}","blobs":[${blobs.join(",")}]}`);
  }
  return Buffer.from(`{"packs":[${parts.join(",")}]}`);
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

import { mkdirSync, rmSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { ClawbackError, errno } from "../errors.ts";

/** Left free on the scratch disk: the writers of this machine need it more than we do. */
const ROOM_TO_LEAVE = 64 << 20;

/**
 * Makes one of `places` (best first) and works in it; the next one when the disk is full. A place
 * where the work failed is removed.
 *
 * @param need bytes that the work will write
 * @throws E_NO_SPACE when none has the room
 */
export async function inRoom<T>(
  places: string[],
  need: number,
  work: (place: string) => Promise<T>,
): Promise<T> {
  for (const place of places) {
    if (roomBeside(place) < need) continue;
    mkdirSync(place, { mode: 0o700 });
    try {
      return await work(place);
    } catch (error) {
      rmSync(place, { recursive: true, force: true });
      if (errno(error) !== "ENOSPC" && errno(error) !== "EDQUOT") throw error;
    }
  }
  throw new ClawbackError("E_NO_SPACE", `no room for a copy of ${need} bytes`, {
    hint: `Free some space in ${places.map((place) => dirname(place)).join(" or ")}.`,
  });
}

/** Shares out the room for copies that will be there at the same time. */
export class RoomPlan {
  /** Bytes still to be given away, by the disk's device number. */
  readonly #room = new Map<number, number>();

  /** Makes the first of `places` whose disk has the room, and counts it as used. */
  take(places: string[], need: number): string | undefined {
    for (const place of places) {
      const disk = statSync(dirname(place)).dev;
      const room = this.#room.get(disk) ?? roomBeside(place);
      if (room < need) continue;
      this.#room.set(disk, room - need);
      mkdirSync(place, { mode: 0o700 });
      return place;
    }
    return undefined;
  }
}

/** Bytes that may be written on the disk that a place is on, or will be. */
export function roomBeside(place: string): number {
  const { bavail, bsize } = statfsSync(dirname(place));
  return bavail * bsize - ROOM_TO_LEAVE;
}

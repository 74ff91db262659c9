import { stat } from "node:fs/promises";
import { ClawbackError } from "../../errors.ts";
import { nearestExisting } from "../../fs/paths.ts";
import { freeBytes } from "../../fs/space.ts";

export interface Room {
  /** A place on that file system. */
  path: string;
  /** Bytes. */
  needed: number;
  free: number;
}

/** For logs of databases and directories, beside what files take. */
const RESERVE = 16 << 20;

/** Adds up what is needed, file system by file system. */
export async function roomFor(places: readonly { path: string; bytes: number }[]): Promise<Room[]> {
  const rooms = new Map<number, Room>();
  for (const { path, bytes } of places) {
    const { dev } = await stat(await nearestExisting(path));
    const room = rooms.get(dev) ?? { path, needed: RESERVE, free: await freeBytes(path) };
    room.needed += bytes;
    rooms.set(dev, room);
  }
  return [...rooms.values()];
}

/** @throws E_NO_SPACE */
export function refuseWithoutRoom(rooms: readonly Room[]): void {
  for (const { path, needed, free } of rooms) {
    if (free >= needed) continue;
    const mib = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;
    throw new ClawbackError(
      "E_NO_SPACE",
      `where ${path} lies there is room for ${mib(free)}; the new tree beside the old one needs ${mib(needed)}`,
      {
        hint: "Nothing was changed. Free some space (`clawback undo --discard` removes what is kept of an earlier restore), or restore a part with --path or --component.",
      },
    );
  }
}

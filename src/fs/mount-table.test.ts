import { expect, test } from "vitest";
import { parseMounts } from "./mount-table.ts";

test("paths and options of mounts are read, blanks in paths too", () => {
  const text = [
    "36 35 98:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
    String.raw`40 36 0:33 / /mnt/a\040disk rw,nosuid,noexec - tmpfs tmpfs rw,size=1k`,
    "",
  ].join("\n");
  expect(parseMounts(text)).toEqual([
    { device: "98:0", root: "/", path: "/", options: ["rw", "relatime"] },
    { device: "0:33", root: "/", path: "/mnt/a disk", options: ["rw", "nosuid", "noexec"] },
  ]);
});

import { expect, test } from "vitest";
import { amongMounts, canMount } from "../in-place/mounted.ts";
import { scenes } from "../in-place/scenes.ts";

const scene = scenes();

test.skipIf(!canMount)(
  "F32: no room for a second tree, or the disk fills half-way: nothing has changed (skipped where no mount namespace can be made)",
  { timeout: 120_000 },
  () => {
    expect(amongMounts("full", scene().house.root)).toEqual({
      failed: "E_NO_SPACE",
      same: true,
      refused: "E_NO_SPACE",
      later: false,
    });
  },
);

import { expect, test } from "vitest";
import { scenes } from "./scenes.ts";
import { amongMounts, canMount } from "./mounted.ts";

const scene = scenes();

test.skipIf(!canMount)(
  "a state directory that is a volume, with another one in it (skipped where no mount namespace can be made)",
  { timeout: 120_000 },
  () => {
    expect(amongMounts("volume", scene().house.root)).toEqual({
      // The soul is back, what came later is not, the configuration is the old one.
      restored: [true, false, false],
      undone: [false, true, true],
    });
  },
);

import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { Household } from "../e2e/household.ts";
import { Scene } from "../failures/scene.ts";
import { makeLayoutA, makeLayoutC } from "../fixtures/instances.ts";

/**
 * A machine of its own for each test, with an instance and an empty repository. As in
 * `failures/scene.ts`, without having restic read the repository each time.
 */
export function scenes(): () => Scene {
  let template: Household;
  let scene: Scene | undefined;
  beforeAll(async () => {
    template = await Household.withRepository(makeLayoutA);
  });
  afterAll(() => template[Symbol.asyncDispose]());
  beforeEach(async () => {
    scene = await Scene.create(makeLayoutC, template.repository);
  });
  afterEach(() => scene?.[Symbol.asyncDispose]());
  return () => {
    if (scene === undefined) throw new Error("outside of a test");
    return scene;
  };
}

import type { OperationContext } from "./context.ts";
import type { DemoDocument } from "./documents.ts";
import { DemoPlace } from "./demo/place.ts";
import { proveDatabases, proveFiles, proveRepository, proveWithRestic } from "./demo/proofs.ts";
import { Stage } from "./demo/stage.ts";
import { type DemoStep, Story } from "./demo/story.ts";

/**
 * Protects a made-up instance while its agent writes, destroys it, brings it back and proves it.
 * All of it happens in one temporary directory, which is gone at the end, whatever happens.
 * Nothing of the user's is read or written; of the given context only clock, signal, progress and
 * warnings are used, and the PATH to look for restic.
 *
 * @param onStep told each step as it ends
 * @throws E_INTERRUPTED; every other failure is told by the step that it stopped
 */
export async function demo(
  context: OperationContext,
  onStep: (step: DemoStep) => void = () => undefined,
): Promise<DemoDocument> {
  const begun = performance.now();
  await using place = await DemoPlace.make();
  const story = new Story(context.progress, context.signal, onStep);
  const own = { ...place.context(context), progress: story.progress };
  await using stage = new Stage(place, own);
  const isBack =
    (await story.tell("An agent at work", () => stage.awaken())) &&
    (await story.tell("Protect it while it works", () => stage.protect())) &&
    (await story.tell("Life goes on: back up again", () => stage.liveOn())) &&
    (await story.tell("Disaster", () => stage.lose())) &&
    (await story.tell("Bring it back", () => stage.bringBack()));
  if (isBack) {
    await story.tell("Open its databases", () => proveDatabases(stage));
    await story.tell("Compare its files", () => proveFiles(stage, own.signal));
    await story.tell("Check the repository", () => proveRepository(own));
    await story.tell("Ask the stock restic", () =>
      proveWithRestic(own, place, context.env["PATH"]),
    );
  }
  return { ok: story.ok, steps: story.steps, duration: (performance.now() - begun) / 1000 };
}

import { join } from "node:path";
import { places } from "../../src/config/places.ts";
import type { OperationContext } from "../../src/operations/context.ts";
import { silentProgress } from "../../src/progress.ts";

/** For operations without a terminal, in a home of its own. */
export function operationContext(
  home: string,
  given: Partial<OperationContext> = {},
): OperationContext {
  const own = places({}, home);
  return {
    env: {},
    home,
    tempDir: join(home, "tmp"),
    now: () => new Date(),
    signal: new AbortController().signal,
    places: own,
    settings: {},
    location: own.repository,
    phraseFile: join(own.secretsDir, "phrase"),
    instance: {},
    lockWaitMs: 0,
    progress: silentProgress,
    passwords: () => Promise.resolve([]),
    warn: () => {},
    ...given,
  };
}

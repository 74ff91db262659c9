import { systemClock } from "../clock.ts";
import { LocalStorage } from "./local.ts";
import { parseLocation, type LocationContext } from "./location.ts";
import { withRetry } from "./retry.ts";
import type { Storage } from "./storage.ts";

/** A share that hiccups comes back within seconds; a person waits for the answer. */
const LOCAL_ATTEMPTS = 4;

/**
 * The storage that a location names. Nothing is touched yet: whether a repository is there shows
 * when its config is loaded.
 * @throws ClawbackError `E_USAGE`
 */
export async function openStorage(text: string, context: LocationContext): Promise<Storage> {
  const { path } = parseLocation(text, context);
  return withRetry(new LocalStorage(path), {
    clock: systemClock,
    random: Math.random,
    attempts: LOCAL_ATTEMPTS,
  });
}

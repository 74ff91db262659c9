import { join } from "node:path";
import { DatabaseCapturer } from "../capture/database.ts";
import { currentProcess } from "../fs/process-identity.ts";
import { openScratch } from "../fs/scratch.ts";
import type { OperationContext } from "./context.ts";

/** Where copies of live things lie for as long as a run needs them, and who makes them. */
export interface CaptureSite extends AsyncDisposable {
  capturer: DatabaseCapturer;
  /** A private directory. */
  scratch: string;
}

export interface CaptureSiteOptions {
  /** Check every image for soundness. */
  verify: boolean;
}

/**
 * Makes the scratch directories, beside the cache and, for when that disk is full or cannot be
 * written to, among the system's temporary files.
 *
 * @throws E_PERMISSION, E_NO_SPACE when neither can be made
 */
export async function openCaptureSite(
  { places, tempDir, signal }: OperationContext,
  { verify }: CaptureSiteOptions,
): Promise<CaptureSite> {
  const owner = await currentProcess();
  await using stack = new AsyncDisposableStack();
  const bases = [
    join(places.cacheDir, "scratch"),
    join(tempDir, `clawback-${process.getuid?.() ?? 0}`),
  ];
  const made: string[] = [];
  let failure: unknown;
  for (const base of bases) {
    try {
      made.push(stack.use(await openScratch(base, owner)).path);
    } catch (error) {
      failure ??= error;
    }
  }
  const [scratch, fallbackScratch] = made;
  if (scratch === undefined) throw failure;
  const capturer = stack.use(
    new DatabaseCapturer({
      scratch,
      ...(fallbackScratch !== undefined && { fallbackScratch }),
      verify,
      signal,
    }),
  );
  const all = stack.move();
  return { capturer, scratch, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

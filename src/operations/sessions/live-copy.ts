import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import type { InstanceCopy } from "../../openclaw/instance-copy.ts";
import { openCaptureSite } from "../capture-site.ts";
import type { OperationContext } from "../context.ts";
import type { Survey } from "../survey.ts";

/** The live instance, with images in the place of those databases that are being written to. */
export interface LiveCopy extends AsyncDisposable {
  copy: InstanceCopy;
}

/**
 * Makes the live instance readable as if it were a copy. Nothing of it is changed, and it may go on.
 *
 * @throws E_NO_SPACE, E_PERMISSION (no place for the images), E_INTERRUPTED
 */
export async function liveCopy(context: OperationContext, survey: Survey): Promise<LiveCopy> {
  const { instance, roots } = survey;
  const stateDir = instance.realStateDir;
  const images = new Map<string, string>();
  await using stack = new AsyncDisposableStack();
  const busy = await databasesInUse([
    join(stateDir, "state"),
    join(stateDir, "matrix"),
    ...roots.filter(({ kind }) => kind === "signal").map(({ realPath }) => realPath),
  ]);
  if (busy.length > 0) {
    const { capturer } = stack.use(await openCaptureSite(context, { verify: false }));
    for (const path of busy) {
      const image = stack.use(await capturer.capture(path, { forceCopy: true }));
      images.set(path, image.path.toString());
    }
  }
  const configPath =
    instance.configPath && (await realpath(instance.configPath).catch(() => instance.configPath));
  const all = stack.move();
  return {
    copy: {
      stateDir,
      configPath,
      home: instance.home,
      roots,
      at: (path) => images.get(path) ?? path,
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Databases with a log: what they hold is not in their file alone. */
async function databasesInUse(directories: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const directory of directories) {
    const entries = await readdir(directory, { recursive: true }).catch(() => []);
    for (const entry of entries.filter((name) => /\.(sqlite|db)-(wal|journal)$/.test(name))) {
      const info = await stat(join(directory, entry)).catch(() => undefined);
      const database = join(directory, entry.replace(/-(wal|journal)$/, ""));
      const isThere = (await stat(database).catch(() => undefined))?.isFile() === true;
      if (isThere && info !== undefined && info.size > 0) found.push(await realpath(database));
    }
  }
  return found;
}

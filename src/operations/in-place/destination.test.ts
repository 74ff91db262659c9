import { expect, test } from "vitest";
import { operationContext } from "../../../test/support/operation-context.ts";
import type { Manifest } from "../manifest.ts";
import { destinationOf } from "./destination.ts";

const options = { mappings: [], automaticMapping: true, services: false };

/** What somebody may write who can write to the repository. */
function claiming(path: string, kind = "workspace"): Manifest {
  const instance = { stateDir: "/home/ann/.openclaw", home: "/home/ann", hostname: "here" };
  const root = { kind, path, realPath: path, isDirectory: true, why: "it says so" };
  return { instance, roots: [root] } as unknown as Manifest;
}

test.for([
  ["/", "E_USAGE"],
  ["/etc", "E_USAGE"],
  ["/home/ann", "E_USAGE"],
  ["/home", "E_USAGE"],
  ["/home/ann/../bob/work", "E_DAMAGED"],
  ["work", "E_DAMAGED"],
] as const)("a snapshot cannot say that it belongs to %s", async ([path, code]) => {
  const context = operationContext("/home/ann");
  for (const kind of ["workspace", "state"]) {
    const asked = destinationOf(context, claiming(path, kind), options);
    await expect(asked).rejects.toMatchObject({ code });
  }
  const unknown = destinationOf(context, claiming("/home/ann/work", "toString"), options);
  await expect(unknown).rejects.toMatchObject({ code: "E_DAMAGED" });
});

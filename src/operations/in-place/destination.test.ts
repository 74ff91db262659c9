import { expect, test } from "vitest";
import { operationContext } from "../../../test/support/operation-context.ts";
import type { Manifest } from "../manifest.ts";
import { refuseStrangeNames } from "../manifest-places.ts";
import { destinationOf } from "./destination.ts";

const options = { mappings: [], automaticMapping: true, services: false };

/** What somebody may write who can write to the repository. */
function claiming(path: string, kind = "workspace"): Manifest {
  const instance = { stateDir: "/home/ann/.openclaw", home: "/home/ann", hostname: "here" };
  const root = { kind, path, realPath: path, isDirectory: true, why: "it says so" };
  return { instance, roots: [root], databases: [] } as unknown as Manifest;
}

test.for([
  ["/", "E_USAGE"],
  ["/etc", "E_USAGE"],
  ["/home/ann", "E_USAGE"],
  ["/home", "E_USAGE"],
] as const)("a snapshot cannot say that it belongs to %s", async ([path, code]) => {
  const context = operationContext("/home/ann");
  for (const kind of ["workspace", "state"]) {
    const asked = destinationOf(context, claiming(path, kind), options);
    await expect(asked).rejects.toMatchObject({ code });
  }
});

test.for([
  ["/home/ann/../bob/work", "workspace"],
  ["work", "workspace"],
  ["/home/ann/work", "toString"],
] as const)("%s, a %s, is no place that a backup names", ([path, kind]) => {
  const refuse = () => refuseStrangeNames(claiming(path, kind));
  expect(refuse).toThrow(expect.objectContaining({ code: "E_DAMAGED" }));
});

import { join } from "node:path";
import { hasCode } from "../errors.ts";
import { inBox } from "./box.ts";
import type { Namespaces } from "./box.ts";
import { environmentOf, inventions } from "./environment.ts";
import type { Order } from "./orders.ts";
import type { Place, SandboxOptions } from "./place.ts";

/**
 * A new box for every order, each with the copy as it was backed up; where the system cannot lay one
 * file system over another, with the copy as the order before has left it.
 */
export async function namespacePlace(
  { copy, openclaw, scratch, signal }: SandboxOptions,
  isolation: Namespaces,
): Promise<Place> {
  const { env, invented } = await environmentOf(copy);
  const box = { isolation, copy, program: openclaw.words, env, scratch, signal };
  const nothing: Order = {
    order: "run",
    words: [openclaw.words[0], "--version"],
    cwd: copy.home,
    timeoutMs: 30_000,
  };
  let pristine = true;
  let tried = await inBox({ ...box, pristine }, nothing).catch((error: unknown) => {
    if (!hasCode(error, "E_FAILED")) throw error;
  });
  if (tried === undefined) {
    pristine = false;
    tried = await inBox({ ...box, pristine }, nothing);
  }
  return {
    isolation: "namespaces",
    pristine,
    home: copy.home,
    configPath: copy.configPath ?? join(copy.stateDir, "openclaw.json"),
    port: undefined,
    notes: [...tried.problems, ...inventions(invented)],
    fulfil: async (order) => (await inBox({ ...box, pristine }, order)).answer,
  };
}

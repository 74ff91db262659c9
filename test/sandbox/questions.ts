import { expect } from "vitest";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";

/**
 * Asks in a sandbox whose program is the probe of `house.ts`.
 *
 * @param questions expressions of JavaScript
 * @returns what each came to, in one run
 */
export async function inside<Name extends string>(
  sandbox: Sandbox,
  questions: Record<Name, string>,
): Promise<Record<Name, unknown>> {
  const asked = Object.entries<string>(questions).map(
    ([name, expression]) => `${JSON.stringify(name)}: await (${expression}),`,
  );
  const modules = ["fs", "net", "fs/promises"].map(
    (name, i) => `import * as m${i} from "node:${name}";`,
  );
  const names =
    "const { readdirSync } = m0, { connect, createServer } = m1, { readFile, writeFile } = m2;";
  const code = [...modules, names, "export default {", ...asked, "};"].join("\n");
  const { code: end, stdout, stderr } = await sandbox.run([code], { timeoutMs: 30_000 });
  expect(stderr).toBe("");
  expect(end).toBe(0);
  return JSON.parse(stdout) as Record<Name, unknown>;
}

export const read = (path: string): string =>
  `readFile(${JSON.stringify(path)}, "utf8").catch(({ code }) => code)`;

export const write = (path: string): string =>
  `writeFile(${JSON.stringify(path)}, "x").then(() => "done", ({ code }) => code)`;

export const list = (path: string): string => `readdirSync(${JSON.stringify(path)})`;

export const reach = (to: object): string =>
  `new Promise((resolve) => connect(${JSON.stringify(to)})
    .on("connect", () => resolve("connected")).on("error", ({ code }) => resolve(code)))`;

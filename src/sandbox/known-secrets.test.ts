import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { secretsOf } from "./known-secrets.ts";

test("tokens and keys of a configuration, of secret files and .env; nothing short or harmless", async () => {
  const top = await mkdtemp(join(tmpdir(), "clawback-secrets-"));
  await mkdir(join(top, "state"));
  const config = `{ gateway: { auth: { token: "a-gateway-token" } }, name: "harmless words",
    short: { apiKey: "abc" } }`;
  await writeFile(join(top, "state/openclaw.json"), config);
  await writeFile(join(top, "state/.env"), "ANY_NAME=from-dotenv\n");
  await writeFile(join(top, "keys.json"), `{"model": "a-model-secret"}`);
  const common = { component: "other" as const, secret: false, nested: [] };
  const root = { kind: "secret" as const, isDirectory: false, ...common };
  const secrets = await secretsOf({
    stateDir: "/state",
    configPath: "/state/openclaw.json",
    home: "/",
    roots: [{ ...root, path: "/keys.json", realPath: "/keys.json" }],
    at: (path) => join(top, path),
  });
  await rm(top, { recursive: true });
  expect(secrets.toSorted()).toEqual(["a-gateway-token", "a-model-secret", "from-dotenv"]);
});

import { Command } from "commander";
import { expect, test } from "vitest";
import { collect } from "./command.ts";
import { applyEnvironment, switchFrom } from "./globals.ts";

function options(argv: string[], env: Record<string, string>): Record<string, unknown> {
  const command = new Command()
    .option("--dry-run")
    .option("--no-backup")
    .option("--host <name>")
    .option("--path <path>", "", collect);
  command.parse(argv, { from: "user" });
  applyEnvironment(command, env);
  return command.opts();
}

test("a variable speaks where the flag is silent", () => {
  const env = { CLAWBACK_HOST: "atlas", CLAWBACK_DRY_RUN: "1", CLAWBACK_PATH: "/a\n/b, c\n" };
  expect(options([], env)).toEqual({
    backup: true,
    host: "atlas",
    dryRun: true,
    path: ["/a", "/b, c"],
  });
  expect(options(["--host", "nas", "--path", "/z"], env)).toMatchObject({
    host: "nas",
    path: ["/z"],
  });
});

test("a switch that is named no- switches off", () => {
  expect(options([], { CLAWBACK_NO_BACKUP: "yes" })).toMatchObject({ backup: false });
  expect(options([], { CLAWBACK_NO_BACKUP: "0" })).toMatchObject({ backup: true });
});

test.each(["", "0", "false", "No", "OFF", " "])("%j leaves a switch off", (value) => {
  expect(switchFrom({ CLAWBACK_JSON: value }, "CLAWBACK_JSON")).toBe(false);
  expect(switchFrom({}, "CLAWBACK_JSON")).toBe(false);
});

test.each(["1", "true", "yes", "on"])("%j switches on", (value) => {
  expect(switchFrom({ CLAWBACK_JSON: value }, "CLAWBACK_JSON")).toBe(true);
});

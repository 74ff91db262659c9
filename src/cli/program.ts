import { readFileSync } from "node:fs";
import { Command } from "commander";
import { addBackup } from "./commands/backup.ts";
import { addCat } from "./commands/cat.ts";
import { addCheck } from "./commands/check.ts";
import { addDemo } from "./commands/demo.ts";
import { addDiff } from "./commands/diff.ts";
import { addDrill } from "./commands/drill.ts";
import { addFind } from "./commands/find.ts";
import { addInit } from "./commands/init.ts";
import { addInspect } from "./commands/inspect.ts";
import { addKey } from "./commands/key.ts";
import { addLs } from "./commands/ls.ts";
import { addRestore } from "./commands/restore.ts";
import { addSessions } from "./commands/sessions.ts";
import { addSnapshots } from "./commands/snapshots.ts";
import { addUndo } from "./commands/undo.ts";
import type { Runner } from "./command.ts";
import { addGlobalOptions } from "./globals.ts";

const DESCRIPTION =
  "Disaster recovery for OpenClaw: your agent comes back, proven before you need it.";

const AFTER = `
Every option can also be set in the environment (--state-dir: CLAWBACK_STATE_DIR),
the lasting ones in config.json5 too. Start with: clawback init`;

export interface ProgramStreams {
  writeOut: (text: string) => void;
  writeErr: (text: string) => void;
}

/** The whole command line. Cheap to build: what a command needs is loaded when it runs. */
export function buildProgram(run: Runner, streams: ProgramStreams): Command {
  const program = new Command("clawback")
    .description(DESCRIPTION)
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .addHelpCommand(helpCommand())
    .configureHelp({ showGlobalOptions: true, visibleGlobalOptions: withoutVersion })
    // Errors come back as exceptions; they are told in one place, with hint and code.
    .configureOutput({ ...streams, outputError: () => undefined })
    .exitOverride()
    .addHelpText("after", (context) => (context.command.parent === null ? AFTER : ""));
  addGlobalOptions(program);

  program.commandsGroup("Protect:");
  for (const add of [addInit, addInspect, addBackup, addCheck, addDrill, addSessions])
    add(program, run);
  program.commandsGroup("Look into the repository:");
  for (const add of [addSnapshots, addLs, addFind, addCat, addDiff]) add(program, run);
  program.commandsGroup("Bring back:");
  for (const add of [addRestore, addUndo]) add(program, run);
  program.commandsGroup("More:");
  for (const add of [addKey, addDemo]) add(program, run);
  return program;
}

function helpCommand(): Command {
  return new Command("help")
    .argument("[command]")
    .helpOption(false)
    .description("print help about a command")
    .helpGroup("More:");
}

function withoutVersion(command: Command) {
  const globals = [];
  for (let parent = command.parent; parent !== null; parent = parent.parent) {
    globals.push(...parent.options.filter(({ long, hidden }) => long !== "--version" && !hidden));
  }
  return globals;
}

function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

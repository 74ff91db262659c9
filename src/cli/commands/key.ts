import type { Command } from "commander";
import { resolve } from "node:path";
import type { Context } from "../context.ts";
import type { Runner } from "../command.ts";
import type { KeyDocument } from "../../operations/documents.ts";

interface NewPassword {
  newPasswordFile?: string;
}

export function addKey(program: Command, run: Runner): void {
  const key = program
    .command("key")
    .summary("manage the repository's keys; export the recovery kit")
    .description("A repository can be opened by several passwords, each with a key of its own.");
  const fromFile = ["--new-password-file <file>", "read the new password from a file"] as const;

  key
    .command("list")
    .summary("list the keys")
    .description("Lists who made each key and when, and which one opened the repository just now.")
    .action(
      run(async (context) => {
        const { renderKeys } = await import("../render/keys.ts");
        const { listKeys } = await import("../../operations/keys.ts");
        const document: KeyDocument[] = await listKeys(context);
        return { document, text: (view) => renderKeys(document, view) };
      }),
    );
  key
    .command("add")
    .summary("let a further password open the repository")
    .description("Adds a key for one more password. The others stay.")
    .option(...fromFile)
    .action(
      run<NewPassword>(async (context, options) => {
        const { addKey: add } = await import("../../operations/keys.ts");
        const document: { id: string } = await add(context, await newPassword(context, options));
        return {
          document,
          text: () => `key ${document.id.slice(0, 8)} added`,
          quietText: document.id,
        };
      }),
    );
  key
    .command("remove")
    .summary("take a password's right to open the repository away")
    .description(
      "Removes a key: its password opens the repository no more. The key in use cannot be removed.",
    )
    .argument("<key>", "the key's id or its beginning")
    .action(
      run(async (context, _options, [id = ""]) => {
        const { removeKey } = await import("../../operations/keys.ts");
        const document: { removed: string } = await removeKey(context, id);
        return {
          document,
          text: () => `key ${document.removed.slice(0, 8)} removed`,
          quietText: "",
        };
      }),
    );
  key
    .command("passwd")
    .summary("replace the password in use by a new one")
    .description(
      "Adds a key for the new password, then removes the one in use. The data need not be encrypted anew.",
    )
    .option(...fromFile)
    .action(
      run<NewPassword>(async (context, options) => {
        const { changePassword } = await import("../../operations/keys.ts");
        const password = await newPassword(context, options);
        const document: { id: string; removed: string } = await changePassword(context, password);
        const text = `key ${document.id.slice(0, 8)} replaces ${document.removed.slice(0, 8)}`;
        return { document, text: () => text, quietText: document.id };
      }),
    );
  key
    .command("export")
    .summary("print the recovery kit: what a person needs on paper")
    .description(
      "Prints where the repository is, the 24 words that open it and the exact commands to restore, for restic and for Clawback. Print it, and keep it away from this machine.",
    )
    .option("--show-phrase", "the 24 words in the --json document as well")
    .action(
      run<{ showPhrase?: true }>(async (context, { showPhrase = false }) => {
        const { printedKit, renderRecoveryKit } = await import("../render/recovery-kit.ts");
        const { exportKey } = await import("../../operations/keys.ts");
        const kit = await exportKey(context);
        return {
          document: printedKit(kit, showPhrase),
          // To print the phrase is what this is for; only `--json` is for programs, which keep logs.
          text: (view) => renderRecoveryKit(printedKit(kit, true), view),
        };
      }),
    );
}

async function newPassword(
  { prompter, cwd }: Context,
  { newPasswordFile }: NewPassword,
): Promise<string> {
  if (newPasswordFile !== undefined) {
    const { readPasswordFile } = await import("../../config/password-file.ts");
    return (await readPasswordFile(resolve(cwd, newPasswordFile))).text;
  }
  return prompter.newSecret({ message: "The new password", flag: "--new-password-file" });
}

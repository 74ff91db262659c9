import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { currentProcess } from "../../src/fs/process-identity.ts";
import { BARRED_CONFIG } from "../../src/openclaw/barred-config.ts";
import { Transaction } from "../../src/transaction/transaction.ts";

/** Where the journals of an instance's tests are: not in what is replaced. */
export function journalDirOf(stateDir: string): string {
  return join(dirname(dirname(stateDir)), "journal");
}

/** A restore as far as it goes while the gateway still runs: a new tree, `extra` among its files. */
export async function buildNewTree(
  stateDir: string,
  { onStep, extra = [] }: { onStep?: (what: string) => void; extra?: string[] } = {},
): Promise<Transaction> {
  const transaction = await Transaction.begin({
    journalDir: journalDirOf(stateDir),
    owner: await currentProcess(),
    about: {},
    ...(onStep !== undefined && { onStep }),
  });
  const { directory, how } = await transaction.stage(stateDir);
  const staged = join(directory, "new");
  await mkdir(staged, { recursive: true });
  await writeFile(join(staged, "openclaw.json"), await readFile(join(stateDir, "openclaw.json")));
  for (const name of ["is-new", ...extra]) await writeFile(join(staged, name), "");
  const barred = { name: "openclaw.json", content: BARRED_CONFIG };
  await transaction.prepare([{ live: stateDir, staged, carry: [], how, barred }]);
  return transaction;
}

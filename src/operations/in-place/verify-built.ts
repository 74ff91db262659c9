import { ClawbackError } from "../../errors.ts";
import { DatabaseProver } from "../../capture/prover.ts";
import type { Repository } from "../../repository/repository.ts";
import type { TreeNode } from "../../snapshot/node.ts";
import { walkTree } from "../../snapshot/tree-walker.ts";
import { FileProver } from "../drill/file-proof.ts";
import type { Manifest } from "../manifest.ts";

interface Proof {
  repository: Repository;
  tree: string;
  /** The absolute paths of the snapshot are laid out below it. */
  directory: string;
  select: (path: Buffer, node: TreeNode) => "take" | "descend" | "skip";
  manifest: Manifest;
  signal: AbortSignal;
}

/**
 * Reads back from the disk what was restored: every file by its hashes, every database by SQLite's
 * own check.
 *
 * @returns what is damaged, and was when the snapshot was taken: sentences
 * @throws E_DAMAGED, E_INTERRUPTED
 */
export async function verifyBuilt(proof: Proof): Promise<string[]> {
  const { repository, tree, directory, select, signal } = proof;
  const problems: string[] = [];
  const databases: Buffer[] = [];
  const onProven: ConstructorParameters<typeof FileProver>[2] = (proven) => {
    const { path } = proven.entry;
    if (proven.problem !== undefined) problems.push(`${path.toString()}: ${proven.problem}`);
    if (proven.isDatabase) databases.push(path);
  };
  {
    await using prover = new FileProver(repository, directory, onProven, signal);
    const enter = (entry: { path: Buffer; node: TreeNode }) =>
      select(entry.path, entry.node) !== "skip";
    for await (const entry of walkTree(repository, tree, enter)) {
      if (select(entry.path, entry.node) === "take") await prover.add(entry, undefined);
    }
    await prover.finish();
  }
  const warnings = await damagedThen(proof, databases, problems);
  const [first] = problems;
  if (first === undefined) return warnings;
  throw new ClawbackError(
    "E_DAMAGED",
    `what was restored is not what the snapshot has (${problems.length}): ${first}`,
    { hint: "Nothing was changed. The disk may be failing: try another with --target." },
  );
}

async function damagedThen(
  { directory, manifest, signal }: Proof,
  databases: readonly Buffer[],
  problems: string[],
): Promise<string[]> {
  const warnings: string[] = [];
  await using prover = new DatabaseProver(signal);
  const known = new Set(manifest.damaged.map(({ path }) => path));
  const unverified = new Set(
    manifest.databases
      .filter(({ verification }) => !verification.checked || !verification.ok)
      .map(({ path }) => path),
  );
  for (const path of databases) {
    const { verification } = await prover.prove(Buffer.concat([Buffer.from(directory), path]));
    if (!verification.checked || verification.ok) continue;
    const name = path.toString();
    const [finding = "SQLite cannot read it"] = verification.findings;
    // A file of the user's own that only begins like a database is nobody's loss.
    const isNews = manifest.databases.some((each) => each.path === name) && !known.has(name);
    if (isNews && !unverified.has(name)) problems.push(`${name}: ${finding}`);
    else warnings.push(`${name} is damaged, as it was when the snapshot was taken: ${finding}`);
  }
  return warnings;
}

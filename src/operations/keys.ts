import { ClawbackError } from "../errors.ts";
import { shortId } from "../repository/ids.ts";
import type { Repository } from "../repository/repository.ts";
import type { OperationContext } from "./context.ts";
import type { KeyDocument, RecoveryKit } from "./documents.ts";
import { recoveryKit } from "./recovery-kit.ts";
import { withRepository } from "./with-repository.ts";

export async function listKeys(context: OperationContext): Promise<KeyDocument[]> {
  return withRepository(context, "none", async ({ repository }) =>
    (await repository.listKeys()).map(({ id, file }) => ({
      id,
      shortId: shortId(id),
      current: id === repository.keyId,
      username: file.username,
      hostname: file.hostname,
      created: new Date(file.created).toISOString(),
    })),
  );
}

/** Lets a further password open the repository. */
export async function addKey(context: OperationContext, password: string): Promise<{ id: string }> {
  return withRepository(context, "append", async ({ repository }) => ({
    id: await repository.addKey(password, context.now()),
  }));
}

/** @throws E_USAGE for the key in use, E_NOT_FOUND, E_AMBIGUOUS_ID */
export async function removeKey(
  context: OperationContext,
  prefix: string,
): Promise<{ removed: string }> {
  return withRepository(context, "append", async ({ repository }) => {
    const removed = await resolveKey(repository, prefix);
    await repository.removeKey(removed);
    return { removed };
  });
}

/** A new password in place of the one in use. The old key goes last: killed in between, both open. */
export async function changePassword(
  context: OperationContext,
  password: string,
): Promise<{ id: string; removed: string }> {
  return withRepository(context, "append", async ({ repository, assertHeld }) => {
    const removed = repository.keyId;
    const id = await repository.addKey(password, context.now());
    const changed = await repository.reopen([password]);
    assertHeld();
    await changed.removeKey(removed);
    return { id, removed };
  });
}

/** The recovery kit of a repository that opens. */
export async function exportKey(context: OperationContext): Promise<RecoveryKit> {
  return withRepository(context, "none", async ({ repository }) =>
    recoveryKit(context, repository),
  );
}

async function resolveKey(repository: Repository, prefix: string): Promise<string> {
  const ids: string[] = [];
  for await (const { name } of repository.storage.list("key")) {
    if (prefix !== "" && name.startsWith(prefix.toLowerCase())) ids.push(name);
  }
  const [id] = ids;
  if (id === undefined) {
    throw new ClawbackError("E_NOT_FOUND", `no key has the id ${JSON.stringify(prefix)}`, {
      hint: "run `clawback key list` to see them",
    });
  }
  if (ids.length > 1) {
    throw new ClawbackError("E_AMBIGUOUS_ID", `${ids.length} keys have ids that begin so`, {
      hint: "give more digits of the id",
    });
  }
  return id;
}

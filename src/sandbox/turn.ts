import type { CommandResult } from "./command.ts";
import { jsonIn, isTree, replyIn } from "./openclaw-lists.ts";
import type { Agent } from "./openclaw-lists.ts";
import { STAND_IN_REPLY } from "./stand-in-model.ts";

/** One message to an agent, and what came back. */
export interface Turn {
  ok: boolean;
  agent: string;
  reply: string;
}

const ATTEMPTS = 3;
const LIMIT_S = 150;

/**
 * Lets an agent answer, in its main session.
 *
 * @param model to be asked instead of the agent's own
 */
export async function takeTurn(
  ask: (...args: string[]) => Promise<CommandResult>,
  { id }: Agent,
  model: string | undefined,
): Promise<Turn> {
  const message = "This is a drill: the model is a stand-in, and nothing leaves this machine.";
  const command = ["agent", "--agent", id, "--message", message, "--timeout", String(LIMIT_S)];
  const named = model === undefined ? [] : ["--model", model];
  let last: CommandResult = { code: null, stdout: "", stderr: "" };
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    last = await ask(...command, ...named, "--json");
    // On a busy machine its own housekeeping holds this lock longer than its turns wait for it.
    if (last.code === 0 || !last.stdout.includes("owns state-lifecycle")) break;
  }
  const reply = replyIn(last.stdout);
  if (last.code === 0 && reply === STAND_IN_REPLY) return { ok: true, agent: id, reply };
  return { ok: false, agent: id, reply: reply ?? complaintIn(last) };
}

function complaintIn({ code, stdout, stderr }: CommandResult): string {
  const value = jsonIn(stdout);
  const error = isTree(value) ? value["error"] : undefined;
  const message = isTree(error) ? error["message"] : error;
  if (typeof message === "string") return message;
  return stderr.trim().split("\n").at(-1) || `no answer (exit ${code})`;
}

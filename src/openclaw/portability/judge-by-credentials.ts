import { holds } from "./channel-kind.ts";
import type { ChannelKind, Credential } from "./channel-kind.ts";
import { fromEnvironment, fromFile, resolveSecret } from "./secret-input.ts";
import type { Secret } from "./secret-input.ts";
import { judgement } from "./subject.ts";
import type { Judgement, Subject } from "./subject.ts";

/** Judges a channel that lives by what its configuration holds. */
export async function judgeByCredentials(kind: ChannelKind, subject: Subject): Promise<Judgement> {
  const { settings } = subject;
  const wanted = kind.credentials.filter(({ when }) => when === undefined || holds(when, settings));
  const conditions: string[] = [];
  const evidence: string[] = [];
  const broken: string[] = [];
  let where: string | undefined;
  for (const credential of wanted) {
    const secret = await findSecret(credential, subject);
    if (secret === undefined && credential.optional === true) continue;
    where ??= secret?.where;
    const problem = problemWith(credential, secret);
    if (problem !== undefined) broken.push(problem);
    else if (secret !== undefined) evidence.push(...evidenceOf(credential, secret));
    if (secret?.condition !== undefined) conditions.push(secret.condition);
  }
  if (kind.note !== undefined) evidence.push(kind.note);
  if (kind.inbound !== undefined && (kind.inbound === true || holds(kind.inbound, settings))) {
    conditions.push("The public URL that the service calls leads to the new machine.");
  }
  conditions.push(...(kind.conditions ?? []));
  const at = where ?? "config";
  if (broken.length > 0) {
    return judgement({
      verdict: "must be paired again",
      evidence: [...broken, ...evidence],
      where: at,
      afterwards: kind.renewal,
    });
  }
  const verdict = conditions.length > 0 ? "survives if" : "survives";
  return judgement({ verdict, conditions, evidence, where: at, afterwards: kind.afterwards });
}

/** Where a credential is: its setting, its file, or the default account's variable. */
export async function findSecret(
  { keys, files = [], env, optional }: Credential,
  subject: Subject,
): Promise<Secret | undefined> {
  const { settings, account, config } = subject;
  for (const key of files) {
    const path = settings[key];
    if (typeof path === "string" && path !== "") return fromFile(path, subject);
  }
  for (const key of keys) {
    const secret = await resolveSecret(settings[key], subject);
    if (secret !== undefined) return secret;
  }
  // What the gateway's own environment holds cannot be seen from here.
  if (env === undefined || account !== "default") return undefined;
  const isSet = Boolean(config.own[env] ?? config.outer[env]);
  return isSet || optional !== true ? fromEnvironment(env, subject) : undefined;
}

function problemWith({ what, isForm }: Credential, secret: Secret | undefined): string | undefined {
  if (secret === undefined) return `There is no ${what}.`;
  if (secret.missing === true) return `There is no ${what} at ${secret.where}.`;
  if (secret.value === undefined || isForm === undefined || isForm(secret.value)) return undefined;
  return `What ${secret.where} holds has not the form of a ${what}.`;
}

function evidenceOf({ what, isForm }: Credential, { where, value }: Secret): string[] {
  if (value === undefined) return [`The ${what} cannot be seen from here: ${where}.`];
  const form = isForm === undefined ? "" : " and has the right form";
  return [`The ${what} is there (${where})${form}.`];
}

import { CHANNEL_TABLE } from "./channel-table.ts";
import { readCopiedConfig } from "./copied-config.ts";
import { findSecret } from "./judge-by-credentials.ts";
import { subjectsOf } from "./judge-channels.ts";
import type { JudgingOptions } from "./judge-channels.ts";
import { MATRIX_TOKEN } from "./judge-matrix.ts";
import type { InstanceCopy } from "../instance-copy.ts";
import { isTree } from "../config-tree.ts";
import type { Tree } from "../config-tree.ts";
import type { Subject } from "./subject.ts";

/** Where services are asked who a token belongs to. */
export interface Services {
  telegram: string;
  discord: string;
  slack: string;
}

export const PUBLIC_SERVICES: Services = {
  telegram: "https://api.telegram.org",
  discord: "https://discord.com/api/v10",
  slack: "https://slack.com/api",
};

/** What a service said of a credential. */
export interface OnlineAnswer {
  channel: string;
  account: string;
  /** Null: it could not be asked, or gave no answer that tells. */
  accepted: boolean | null;
  /** A sentence; no secret is in it. */
  said: string;
}

export interface Asking {
  services: Services;
  signal: AbortSignal;
  /** For each question. */
  timeoutMs: number;
}

/** A question that changes nothing: who am I? */
interface Question {
  url: string;
  headers: Record<string, string>;
  nameIn: (answer: Tree) => string | undefined;
  /** Whether an answer says that the credential is not taken. */
  isRefusal?: (answer: Tree) => boolean;
}

/**
 * Asks each service that has a harmless question whom the credential belongs to. Only the services
 * that the accounts belong to, and a Matrix account's own server, hear of it.
 */
export async function askServices(
  copy: InstanceCopy,
  options: JudgingOptions,
  asking: Asking,
): Promise<OnlineAnswer[]> {
  const config = await readCopiedConfig(copy, options.live ? options.env : {});
  const subjects = (await subjectsOf(copy, config, options)).map(({ subject }) => subject);
  const answers = await Promise.all(subjects.map((subject) => askAbout(subject, asking)));
  return answers.filter((answer) => answer !== undefined);
}

async function askAbout(subject: Subject, asking: Asking): Promise<OnlineAnswer | undefined> {
  const { channel, account, settings } = subject;
  const kind = CHANNEL_TABLE.find((each) => each.channel === channel);
  const credential = channel === "matrix" ? MATRIX_TOKEN : kind?.credentials[0];
  if (credential === undefined || !(channel in QUESTIONS)) return undefined;
  const token = (await findSecret(credential, subject))?.value;
  const answer = (accepted: boolean | null, said: string) => ({ channel, account, accepted, said });
  if (token === undefined) return answer(null, "It was not asked: its token is not to be seen.");
  const question = QUESTIONS[channel]?.(token.trim(), asking.services, settings);
  if (question === undefined) return answer(null, "It was not asked: there is no address.");
  try {
    const name = await ask(question, asking);
    return name === undefined
      ? answer(false, "The service does not take its token.")
      : answer(true, `The service knows it as ${name}.`);
  } catch (error) {
    if (asking.signal.aborted) throw error;
    // The address of Telegram's question holds the token: no more is told of what went wrong.
    return answer(null, "The service gave no answer that tells.");
  }
}

/** https://api.slack.com/methods/auth.test#errors: those that are about the token. */
const SLACK_REFUSALS = /^(not_authed|invalid_auth|account_inactive|token_expired|token_revoked)$/;

const QUESTIONS: Readonly<
  Record<string, (token: string, services: Services, settings: Tree) => Question | undefined>
> = {
  // https://core.telegram.org/bots/api#getme
  telegram: (token, { telegram }) => ({
    url: `${telegram}/bot${encodeURIComponent(token).replaceAll("%3A", ":")}/getMe`,
    headers: {},
    nameIn: ({ result }) => name(result, "username"),
  }),
  // https://discord.com/developers/docs/resources/user#get-current-user
  discord: (token, { discord }) => ({
    url: `${discord}/users/@me`,
    headers: { authorization: `Bot ${token.replace(/^Bot /, "")}` },
    nameIn: (answer) => name(answer, "username"),
  }),
  // https://api.slack.com/methods/auth.test
  slack: (token, { slack }) => ({
    url: `${slack}/auth.test`,
    headers: { authorization: `Bearer ${token}` },
    nameIn: (answer) => name(answer, "user"),
    isRefusal: ({ error }) => typeof error === "string" && SLACK_REFUSALS.test(error),
  }),
  // https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3accountwhoami
  matrix: (token, _services, { homeserver }) => {
    if (typeof homeserver !== "string" || !/^https?:\/\//.test(homeserver)) return undefined;
    return {
      url: `${homeserver.replace(/\/+$/, "")}/_matrix/client/v3/account/whoami`,
      headers: { authorization: `Bearer ${token}` },
      nameIn: (answer) => name(answer, "user_id"),
    };
  },
};

/** @returns the name; undefined when the service does not take the credential */
async function ask(
  { url, headers, nameIn, isRefusal = () => false }: Question,
  { signal, timeoutMs }: Asking,
): Promise<string | undefined> {
  const response = await fetch(url, {
    headers,
    redirect: "error",
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  // Telegram says 404 of a token that is none.
  const isTelegram = url.endsWith("/getMe");
  if (response.status === 401 || (isTelegram && response.status === 404)) return undefined;
  if (!response.ok) throw new Error(`status ${response.status}`);
  const answer: unknown = await response.json();
  if (!isTree(answer)) throw new Error("no object");
  if (isRefusal(answer)) return undefined;
  const found = nameIn(answer);
  if (found === undefined) throw new Error("no name");
  return found;
}

function name(value: unknown, key: string): string | undefined {
  const found = isTree(value) ? value[key] : undefined;
  return typeof found === "string" && found !== "" ? found : undefined;
}

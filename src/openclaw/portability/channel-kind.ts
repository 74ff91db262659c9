import type { Tree } from "../config-tree.ts";

/** A setting, and what of it counts: that it is there, or one of these values. */
export interface When {
  key: string;
  is?: readonly string[];
  /** The value that holds where the setting is missing. */
  usually?: string;
}

/** What a channel logs in with. */
export interface Credential {
  /** "bot token": how a person calls it. */
  what: string;
  /** Settings that hold it, the first that is there counts. */
  keys: readonly string[];
  /** Settings that name a file that holds it. */
  files?: readonly string[];
  /** The variable that stands in for the default account's setting. */
  env?: string;
  /** Whether a text can be one. */
  isForm?: (text: string) => boolean;
  /** Only wanted then; undefined: always. */
  when?: When;
  /** It works without. */
  optional?: boolean;
}

/** A channel whose session is what its configuration holds: a token, a key, a password. */
export interface ChannelKind {
  /** OpenClaw's key. */
  channel: string;
  /** As people know it. */
  name: string;
  credentials: readonly Credential[];
  /** Messages come to a public URL of the gateway: always, or then. */
  inbound?: true | When;
  /** Must hold besides; sentences. */
  conditions?: readonly string[];
  /** Worth knowing; a sentence. */
  note?: string;
  /** How a credential that is lost or refused is had again. */
  renewal: string;
  /** For the checklist: what to send, and what to expect. */
  afterwards: string;
  /** Where these facts are from: a page of OpenClaw's package. */
  source: string;
}

export function holds({ key, is, usually }: When, settings: Tree): boolean {
  const value = settings[key] ?? usually;
  if (is === undefined) return value !== undefined && value !== "" && value !== false;
  return typeof value === "string" && is.includes(value);
}

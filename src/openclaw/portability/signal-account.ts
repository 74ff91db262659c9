import { isTree, treeAt } from "../config-tree.ts";
import type { Tree } from "../config-tree.ts";
import { KEY_TYPE, publicKeyOf, verifiesXEd25519 } from "./curve25519.ts";
import { readJsonFile } from "./read-json.ts";
import { hasTable, lookInto } from "./state-rows.ts";

/** What signal-cli's data directory shows of an account. */
export interface SignalFindings {
  state: "whole" | "missing" | "broken" | "busy" | "unknown";
  /** Sentences. */
  evidence: string[];
}

/**
 * Looks at an account of signal-cli: `accounts.json`, the account's own file, and `<file>.d/account.db`,
 * whose signed pre-keys must verify against the identity key (signal-cli 0.12 and later:
 * `AccountsStorage`, `SignalAccount`, `SignedPreKeyStore` of its sources).
 *
 * @param at where the bytes of a file of its `data` directory are
 * @param number undefined: the only account
 */
export async function examineSignalAccount(
  at: (name: string) => string,
  number: string | undefined,
): Promise<SignalFindings> {
  const list = await readJsonFile(at("accounts.json"));
  if (list.state === "missing") return { state: "missing", evidence: ["There is no account."] };
  if (list.state !== "read") return broken("accounts.json cannot be read.");
  const known = list.tree["accounts"];
  const accounts = (Array.isArray(known) ? known : []).filter(isTree);
  const entry = accounts.find((each) => number === undefined || each["number"] === number);
  if (entry === undefined || typeof entry["path"] !== "string") {
    return { state: "missing", evidence: ["accounts.json does not name the account."] };
  }
  const name = entry["path"];
  // A name of its own making, such as "395206"; anything else would lead out of here.
  if (!/^[\w+-]+$/.test(name)) return broken("accounts.json names no file of an account.");
  const file = await readJsonFile(at(name));
  if (file.state !== "read") return broken("The account's file cannot be read.");
  const aci = treeAt(file.tree, "aciAccountData");
  const identity = key(aci["identityPublicKey"]);
  const secret = base64(aci["identityPrivateKey"]);
  if (identity === undefined || secret === undefined) {
    return { state: "unknown", evidence: ["The account's file is of a form not known here."] };
  }
  if (publicKeyOf(secret)?.equals(identity) !== true) {
    return broken("The identity key's public half is not its private half's.");
  }
  return preKeys(at(`${name}.d/account.db`), aci, identity);
}

async function preKeys(path: string, aci: Tree, identity: Buffer): Promise<SignalFindings> {
  const active = aci["activeSignedPreKeyId"];
  const looked = await lookInto(path, (database) => {
    if (!hasTable(database, "signed_pre_key")) return "unknown";
    const rows = database
      .prepare("SELECT key_id, public_key, signature FROM signed_pre_key WHERE account_id_type = 0")
      .all();
    return rows.map(({ key_id: id, public_key: open, signature }) => ({ id, open, signature }));
  });
  if (looked.state === "busy") return { state: "busy", evidence: ["Its database is in use."] };
  if (looked.state !== "read") return broken(`Its database is ${looked.state}.`);
  if (looked.value === "unknown") {
    return { state: "unknown", evidence: ["Its database is of a form not known here."] };
  }
  const current = looked.value.find(({ id }) => id === active);
  if (current === undefined) return broken("The signed pre-key that it uses is missing.");
  const open = withoutType(bytes(current.open));
  const signature = bytes(current.signature);
  const verifies =
    open !== undefined &&
    signature !== undefined &&
    verifiesXEd25519(identity, Buffer.concat([KEY_TYPE, open]), signature);
  if (!verifies) return broken("The signed pre-key does not verify against the identity key.");
  const evidence = [
    "The identity key is a pair, and the signed pre-key verifies against it.",
    "Its database opens and is sound.",
  ];
  return { state: "whole", evidence };
}

function broken(sentence: string): SignalFindings {
  return { state: "broken", evidence: [sentence] };
}

function base64(value: unknown): Buffer | undefined {
  return typeof value === "string" ? Buffer.from(value, "base64") : undefined;
}

function bytes(value: unknown): Buffer | undefined {
  return value instanceof Uint8Array ? Buffer.from(value) : undefined;
}

/** A public key in base64, its type byte in front. */
function key(value: unknown): Buffer | undefined {
  return withoutType(base64(value));
}

function withoutType(value: Buffer | undefined): Buffer | undefined {
  if (value?.length === 32) return value;
  return value?.length === 33 && value[0] === KEY_TYPE[0] ? value.subarray(1) : undefined;
}

import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import type { Tree } from "../config-tree.ts";
import { isTree, treeAt } from "../config-tree.ts";
import { ed25519PublicKeyOf, publicKeyOf } from "./curve25519.ts";
import { parsedTree, readJsonFile } from "./read-json.ts";
import { lookInto, pluginState } from "./state-rows.ts";

/**
 * One directory of a Matrix account's state, `<server>__<user>/<hash of the access token>`:
 * `@openclaw/matrix` 2026.9 keeps the crypto store as a dump of IndexedDB, in rows of a database
 * of its own or, before, in `crypto-idb-snapshot.json`.
 */
export interface MatrixStore {
  state: "whole" | "none" | "damaged" | "busy" | "unknown";
  /** Sentences. */
  evidence: string[];
  deviceId: string | undefined;
  /** RFC 3339: when the store was kept last. */
  kept: string | undefined;
}

/** @param at where the bytes of a file of it are */
export async function readMatrixStore(at: (name: string) => string): Promise<MatrixStore> {
  const looked = await lookInto(at("state/openclaw.sqlite"), (database) => ({
    meta: pluginState(database, "matrix", "storage-meta").get("current"),
    rows: pluginState(database, "matrix", "idb-snapshot"),
  }));
  if (looked.state === "busy") return store("busy", "Its database is in use.");
  if (looked.state === "damaged") return store("damaged", "Its database is damaged.");
  const file = await readJsonFile(at("storage-meta.json"));
  const meta = looked.state === "read" ? looked.value.meta : undefined;
  const about = meta ?? (file.state === "read" ? file.tree : {});
  const rows = looked.state === "read" ? looked.value.rows : new Map<string, Tree>();
  const head = rows.get("current:meta");
  if (head === undefined) return fromFile(at("crypto-idb-snapshot.json"), about);
  const dump = dumpIn(rows, head);
  if (dump === undefined) return store("damaged", "The crypto store is cut or was changed.");
  return judged(dump, about, text(head["persistedAt"]));
}

/** The chunks of the dump, held against its digest. */
function dumpIn(rows: ReadonlyMap<string, Tree>, head: Tree): string | undefined {
  const count = typeof head["chunkCount"] === "number" ? head["chunkCount"] : 0;
  const chunks = Array.from({ length: count }, (_, index) => {
    return text(rows.get(`current:snapshot:${String(head["generation"])}:${index}`)?.["data"]);
  });
  const dump = chunks.join("");
  const digest = createHash("sha256").update(dump, "utf8").digest("hex");
  return chunks.includes(undefined) || digest !== head["digest"] ? undefined : dump;
}

async function fromFile(path: string, about: Tree): Promise<MatrixStore> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) return store("none", "There is no crypto store.");
  const dump = await readFile(path, "utf8").catch(() => "");
  return judged(dump, about, info.mtime.toISOString());
}

function judged(dump: string, about: Tree, kept: string | undefined): MatrixStore {
  const found = accountIn(dump);
  if (typeof found === "string") {
    const state = found.startsWith("It is") ? "unknown" : "damaged";
    return { ...store(state, found), kept };
  }
  const { account, devices } = found;
  const deviceId = text(account["device_id"]);
  const expected = text(about["deviceId"]);
  if (deviceId === undefined || (expected !== undefined && expected !== deviceId)) {
    return { ...store("damaged", "The crypto store is of another device."), kept };
  }
  const keys = ownKeys(account, devices, deviceId);
  if (keys === "differ") {
    return { ...store("damaged", "Its private keys are not those that it has published."), kept };
  }
  const evidence = ["The crypto store opens, and its digest and device are right."];
  if (keys === "agree") evidence.push("The device's private keys are those of its public ones.");
  return { state: "whole", evidence, deviceId, kept };
}

/** @returns what is wrong, in a sentence, or the account of matrix-sdk-crypto and its devices */
function accountIn(dump: string): { account: Tree; devices: Tree[] } | string {
  let databases: unknown;
  try {
    databases = JSON.parse(dump);
  } catch {
    return "The crypto store is no JSON.";
  }
  const all = Array.isArray(databases) ? databases.filter(isTree) : [];
  const crypto = all.find(({ name }) => text(name)?.endsWith("matrix-sdk-crypto") === true);
  if (crypto === undefined) return "The crypto store holds no device.";
  const value = recordsOf(crypto, "core").find(([key]) => key === "account")?.[1];
  if (value === undefined) return "The crypto store holds no device.";
  const account = decoded(value);
  if (account === undefined) return "It is encrypted, or of a form that is not known here.";
  const devices = recordsOf(crypto, "devices").map(([, record]) => decoded(record) ?? {});
  return { account, devices };
}

function recordsOf(database: Tree, name: string): [key: unknown, value: unknown][] {
  const stores = Array.isArray(database["stores"]) ? database["stores"].filter(isTree) : [];
  const records = stores.find((each) => each["name"] === name)?.["records"];
  const list = Array.isArray(records) ? records.filter(isTree) : [];
  return list.map((record) => [record["key"], record["value"]]);
}

/** A value of the store without a passphrase: JSON in base64. */
function decoded(value: unknown): Tree | undefined {
  return typeof value === "string"
    ? parsedTree(Buffer.from(value, "base64").toString("utf8"))
    : undefined;
}

/** Derives the device's public keys, and looks what it has told others. */
function ownKeys(
  account: Tree,
  devices: readonly Tree[],
  deviceId: string,
): "agree" | "differ" | "unknown" {
  const published = devices
    .map((device) => treeAt(device, "device_keys"))
    .find((keys) => keys["device_id"] === deviceId && keys["user_id"] === account["user_id"]);
  const pickle = treeAt(account, "pickle");
  const seed = bytes(treeAt(pickle, "signing_key")["Normal"]);
  const secret = bytes(pickle["diffie_hellman_key"]);
  if (published === undefined || seed === undefined || secret === undefined) return "unknown";
  const keys = treeAt(published, "keys");
  const isSame = (key: Buffer | undefined, name: string) =>
    key?.toString("base64").replace(/=+$/, "") === keys[`${name}:${deviceId}`];
  return isSame(ed25519PublicKeyOf(seed), "ed25519") && isSame(publicKeyOf(secret), "curve25519")
    ? "agree"
    : "differ";
}

function bytes(value: unknown): Buffer | undefined {
  const isBytes = Array.isArray(value) && value.every((byte) => typeof byte === "number");
  return isBytes ? Buffer.from(value) : undefined;
}

function store(state: MatrixStore["state"], sentence: string): MatrixStore {
  return { state, evidence: [sentence], deviceId: undefined, kept: undefined };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

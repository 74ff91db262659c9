import { isTree } from "../config-tree.ts";
import type { Tree } from "../config-tree.ts";
import { publicKeyOf } from "./curve25519.ts";

export interface KeyPair {
  private: Buffer;
  public: Buffer;
}

/**
 * Bytes as Baileys writes them into JSON (`BufferJSON` of its Utils/generics): base64 in
 * `{"type":"Buffer","data":…}`; older releases wrote the bytes as a list, Node's own form.
 */
export function bytesIn(value: unknown): Buffer | undefined {
  // A message of protobufjs among them is written by its own rule: plain base64.
  if (typeof value === "string") return Buffer.from(value, "base64");
  if (!isTree(value)) return undefined;
  const data = value["data"];
  if (typeof data === "string") return Buffer.from(data, "base64");
  return Array.isArray(data) && data.every((byte) => typeof byte === "number")
    ? Buffer.from(data)
    : undefined;
}

/** `{"private":…,"public":…}` of 32 bytes each; undefined when it is anything else. */
export function keyPairIn(value: unknown): KeyPair | undefined {
  const tree: Tree = isTree(value) ? value : {};
  const [secret, open] = [bytesIn(tree["private"]), bytesIn(tree["public"])];
  if (secret?.length !== 32 || open?.length !== 32) return undefined;
  return { private: secret, public: open };
}

/** Whether the public key is the private one's. */
export function isPair(pair: KeyPair): boolean {
  return publicKeyOf(pair.private)?.equals(pair.public) === true;
}

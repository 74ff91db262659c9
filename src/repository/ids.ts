import { hash } from "node:crypto";

/** The name of stored bytes, and of a blob's plain bytes: lower-case hex SHA-256. */
export function idOf(bytes: Uint8Array): string {
  return hash("sha256", bytes, "hex");
}

/** True for 64 lower-case hex digits. */
export function isId(text: unknown): text is string {
  return typeof text === "string" && /^[0-9a-f]{64}$/.test(text);
}

/** How many digits of an id people see. Eight, as in restic. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

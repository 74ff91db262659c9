import { hostname, userInfo } from "node:os";
import { ClawbackError } from "../errors.ts";
import { defaultKdfParams, deriveKey } from "../crypto/kdf.ts";
import { Sealer, type SymmetricKey } from "../crypto/sealer.ts";

/**
 * One password's door to the repository: plain JSON in `keys/<sha256 of the file>`, holding the
 * master key sealed under a key that scrypt makes of the password (restic design, "Keys").
 */
export interface KeyFile {
  created: string;
  username: string;
  hostname: string;
  kdf: "scrypt";
  N: number;
  r: number;
  p: number;
  /** 64 bytes, base64. */
  salt: string;
  /** The sealed master key, base64. */
  data: string;
}

/** Seals the master key under a password. */
export async function makeKeyFile(
  master: SymmetricKey,
  password: string,
  now: Date,
): Promise<{ file: KeyFile; bytes: Buffer }> {
  const params = defaultKdfParams();
  const user = await deriveKey(password, params);
  const sealed = new Sealer(user).seal(encodeMasterKey(master));
  const file: KeyFile = {
    created: now.toISOString(),
    username: userName(),
    hostname: hostname(),
    kdf: "scrypt",
    N: params.N,
    r: params.r,
    p: params.p,
    salt: Buffer.from(params.salt).toString("base64"),
    data: Buffer.from(sealed).toString("base64"),
  };
  return { file, bytes: Buffer.from(JSON.stringify(file)) };
}

/** @throws E_DAMAGED when the bytes are not a key file of the known form */
export function parseKeyFile(bytes: Uint8Array): KeyFile {
  let parsed: Partial<KeyFile> | null;
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString("utf8")) as Partial<KeyFile> | null;
  } catch (cause) {
    throw new ClawbackError("E_DAMAGED", "a key file is not JSON", { cause });
  }
  const { kdf, N, r, p, salt, data } = parsed ?? {};
  if (
    kdf !== "scrypt" ||
    !Number.isInteger(N) ||
    !Number.isInteger(r) ||
    !Number.isInteger(p) ||
    typeof salt !== "string" ||
    typeof data !== "string"
  ) {
    throw new ClawbackError("E_DAMAGED", "a key file lacks a field or has an unknown kdf");
  }
  return parsed as KeyFile;
}

/** The master key, or undefined when the password does not fit. @throws E_DAMAGED */
export async function openKeyFile(
  file: KeyFile,
  password: string,
): Promise<SymmetricKey | undefined> {
  const user = await deriveKey(password, {
    N: file.N,
    r: file.r,
    p: file.p,
    salt: Buffer.from(file.salt, "base64"),
  });
  let plain: Uint8Array;
  try {
    plain = new Sealer(user).open(Buffer.from(file.data, "base64"));
  } catch {
    return undefined;
  }
  return decodeMasterKey(plain);
}

function encodeMasterKey(key: SymmetricKey): Buffer {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
  return Buffer.from(
    JSON.stringify({
      mac: { k: base64(key.macK), r: base64(key.macR) },
      encrypt: base64(key.encrypt),
    }),
  );
}

function decodeMasterKey(plain: Uint8Array): SymmetricKey {
  const parsed = JSON.parse(Buffer.from(plain).toString("utf8")) as {
    mac?: { k?: string; r?: string };
    encrypt?: string;
  };
  const bytes = (text: string | undefined, length: number) => {
    const decoded = Buffer.from(text ?? "", "base64");
    if (decoded.length !== length) {
      throw new ClawbackError("E_DAMAGED", "the master key in a key file has a wrong length");
    }
    return decoded;
  };
  return {
    encrypt: bytes(parsed.encrypt, 32),
    macK: bytes(parsed.mac?.k, 16),
    macR: bytes(parsed.mac?.r, 16),
  };
}

/** The name of the user we run as; a uid without a name is its number. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "");
  }
}

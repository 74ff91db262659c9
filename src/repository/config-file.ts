import { randomBytes } from "node:crypto";
import { ClawbackError } from "../errors.ts";
import {
  isIrreducible,
  parsePolynomial,
  formatPolynomial,
  randomPolynomial,
} from "../chunker/polynomial.ts";
import { isId } from "./ids.ts";

/** The repository's `config` file: sealed JSON, neither compressed nor marked with a version byte. */
export interface RepositoryConfig {
  /** Repository format: 1 has no compression, 2 has; we write 2. */
  version: 1 | 2;
  /** 64 hex digits, made at random. */
  id: string;
  /** Of content-defined chunking: irreducible over GF(2), degree 53. */
  chunkerPolynomial: bigint;
}

export function newConfig(): RepositoryConfig {
  return {
    version: 2,
    id: randomBytes(32).toString("hex"),
    chunkerPolynomial: randomPolynomial(),
  };
}

export function encodeConfig(config: RepositoryConfig): Buffer {
  return Buffer.from(
    JSON.stringify({
      version: config.version,
      id: config.id,
      chunker_polynomial: formatPolynomial(config.chunkerPolynomial),
    }),
  );
}

/** Fields that we do not know are ignored. @throws E_REPO_FORMAT */
export function decodeConfig(plain: Uint8Array): RepositoryConfig {
  const refuse = (what: string) =>
    new ClawbackError("E_REPO_FORMAT", `the repository's config ${what}`, {
      hint: "a newer program may have made it; see whether a newer Clawback or restic opens it",
    });
  let parsed: Record<string, unknown> | null;
  try {
    parsed = JSON.parse(Buffer.from(plain).toString("utf8")) as Record<string, unknown> | null;
  } catch (cause) {
    throw new ClawbackError("E_REPO_FORMAT", "the repository's config is not JSON", { cause });
  }
  const { version, id, chunker_polynomial: polynomial } = parsed ?? {};
  if (version !== 1 && version !== 2) {
    throw refuse(`names format version ${JSON.stringify(version)}, which is not known here`);
  }
  if (!isId(id)) throw refuse("has no valid id");
  if (typeof polynomial !== "string" || !/^[0-9a-f]{1,16}$/.test(polynomial)) {
    throw refuse("has no chunker polynomial");
  }
  const chunkerPolynomial = parsePolynomial(polynomial);
  if (!isIrreducible(chunkerPolynomial)) throw refuse("has a reducible chunker polynomial");
  return { version, id, chunkerPolynomial };
}

import type { ContentFinding, ContentFormat } from "../../snapshot/content-format.ts";
import type { NodeType } from "../../snapshot/node.ts";

/** What the main thread and those that read restored files back say to each other. */
export type FileProofJob =
  | { kind: "prove"; entries: ExpectedEntry[] }
  | { kind: "fingerprint"; paths: string[]; marker: string };

/** An entry of a snapshot, and where it was restored to. */
export interface ExpectedEntry {
  /** As latin1, which maps any bytes one to one. */
  path: string;
  type: NodeType;
  /** Permissions, setuid, setgid and sticky. */
  mode: number;
  /** Undefined: whose it is was not for this user to set. */
  owner: { uid: number; gid: number } | undefined;
  /** Of a symbolic link. */
  target: Uint8Array | undefined;
  /** Of a file, bytes. */
  size: number;
  /** The content of a file, or a stretch of it. */
  stretch: { offset: number; chunks: { id: string; length: number }[] } | undefined;
  /** What the whole of it must parse as. */
  format: ContentFormat | undefined;
}

export interface EntryProof {
  /** What is not as it was, a sentence; undefined: nothing. */
  problem?: string;
  /** Begins as a SQLite database does. */
  isDatabase?: true;
  content?: ContentFinding;
}

/** In the order of the entries, or of the paths. */
export type FileProofResult =
  | { proofs: EntryProof[] }
  | { fingerprints: (Fingerprint | undefined)[] };

/** What a file is at one moment. */
export interface Fingerprint {
  /** Mode, and the hash of the content or a link's target. */
  hash: string;
  /** The words that were looked for are in it. */
  marked: boolean;
}

import { readFacts } from "./facts.ts";
import type { FactsReport } from "./facts.ts";
import type { RawPath } from "./path.ts";
import { verify } from "./verify.ts";
import type { Verification } from "./verify.ts";

/** What a database that was brought back is, looked at in full. */
export interface DatabaseProof extends FactsReport {
  verification: Verification;
}

/** Counts every row and checks everything that SQLite can check, however long that takes. */
export function proof(path: RawPath): DatabaseProof {
  return {
    ...readFacts(path, Number.POSITIVE_INFINITY),
    verification: verify(path, "integrity_check"),
  };
}

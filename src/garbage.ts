import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Sweeps this thread's youngest garbage. Ciphers return a new buffer for every call, and V8, which
 * sees only the small objects in front of them, would let a hundred megabytes of them pile up.
 */
export function sweeper(): () => void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("globalThis.gc");
  setFlagsFromString("--no-expose-gc");
  return typeof collect === "function" ? () => void collect({ type: "minor" }) : () => {};
}

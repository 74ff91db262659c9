import { execFileSync } from "node:child_process";
import { errno } from "../../src/errors.ts";

/** Why no mount namespace can be made here, if none can; that the program is missing is no reason. */
export function noMountNamespaces(): string | undefined {
  try {
    execFileSync("unshare", ["--mount", "true"], { stdio: "ignore" });
    return undefined;
  } catch (error) {
    return errno(error) === "ENOENT" ? undefined : "no mount namespace can be made";
  }
}

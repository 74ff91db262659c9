import { ClawbackError } from "../errors.ts";
import { isInside } from "../fs/paths.ts";
import { parseLocation } from "../storage/location.ts";
import type { OperationContext } from "./context.ts";
import type { Survey } from "./survey.ts";

/** @throws E_REPO_INSIDE_SOURCE */
export async function refuseRepositoryInside(
  context: OperationContext,
  survey: Survey,
): Promise<void> {
  const location = parseLocation(context.location, { home: context.home });
  if (location.scheme !== "local") return;
  for (const { realPath } of survey.roots) {
    if (!(await isInside(location.path, realPath))) continue;
    throw new ClawbackError(
      "E_REPO_INSIDE_SOURCE",
      `the repository ${location.path} lies inside ${realPath}, which it is to protect`,
      { hint: "name a place outside with --repo, best on another disk" },
    );
  }
}

/** Why a link is not followed that leads to what Clawback itself keeps, or to what holds that. */
export async function reasonAgainst(
  { location, home, places }: OperationContext,
  target: string,
): Promise<string | undefined> {
  const { scheme, path } = parseLocation(location, { home });
  for (const own of [...(scheme === "local" ? [path] : []), places.cacheDir]) {
    if ((await isInside(own, target)) || (await isInside(target, own))) {
      return "what it leads to holds Clawback's own files";
    }
  }
  return undefined;
}

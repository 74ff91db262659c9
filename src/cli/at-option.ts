import { Option } from "commander";
import { ClawbackError } from "../errors.ts";

/** `--at <time>` */
export function atOption(): Option {
  return new Option(
    "--at <time>",
    'the latest snapshot until then: "yesterday 14:00", "2 hours ago", "2026-11-20"',
  );
}

/**
 * Which snapshot the words mean.
 * @throws E_USAGE when two are named, or the time cannot be understood
 */
export async function snapshotOrMoment(
  { now }: { now: () => Date },
  snapshot: string,
  at: string | undefined,
): Promise<string | Date> {
  if (at === undefined) return snapshot;
  if (snapshot !== "latest") {
    throw new ClawbackError("E_USAGE", `--at and ${snapshot} name two snapshots`, {
      hint: "Leave one of them away.",
    });
  }
  const { parsePointInTime } = await import("./point-in-time.ts");
  return parsePointInTime(at, now());
}

import type { Instance } from "../openclaw/find-instance.ts";
import type { Surroundings } from "../openclaw/user-paths.ts";
import { dockerBars, liftPolicy, raisePolicy } from "./docker-bar.ts";
import type { DockerBar } from "./docker-bar.ts";
import type { GatewayControl } from "./recipe.ts";
import { liftDropIn, raiseDropIn, systemdBars } from "./systemd-bar.ts";
import type { SystemdBar } from "./systemd-bar.ts";

/** What keeps a supervisor from starting a gateway. Plain JSON without secrets, for a journal. */
export type Bar = SystemdBar | DockerBar;

export interface BarOptions {
  /** The gateway as it was found running: its unit may have any name. */
  control?: GatewayControl | undefined;
  /** Called with all bars before the first is raised, so that none is ever up unrecorded. */
  record: (bars: Bar[]) => Promise<void>;
}

/**
 * Keeps supervisors from starting the gateway of an instance, across a reboot too: systemd as long
 * as `journalFile` exists, Docker until the bar is lifted. Nothing that runs is stopped. A plain
 * process has no supervisor and needs none.
 *
 * What this user may not bar (a system unit, when not root) is passed over: the configuration that
 * nothing starts with (`openclaw/barred-config.ts`) stands in that way.
 *
 * @throws E_GATEWAY when a supervisor is there and refuses
 */
export async function barGateway(
  instance: Instance,
  surroundings: Surroundings,
  journalFile: string,
  { control, record }: BarOptions,
): Promise<Bar[]> {
  const bars: Bar[] = [
    ...(await systemdBars(instance, surroundings, journalFile, control)),
    ...(await dockerBars(instance, surroundings)),
  ];
  await record(bars);
  try {
    await raiseBars(bars);
  } catch (error) {
    await liftBars(bars);
    throw error;
  }
  return bars;
}

/** Puts bars up once more that were lifted; those that are up stay. @throws E_GATEWAY */
export async function raiseBars(bars: readonly Bar[]): Promise<void> {
  for (const bar of bars) {
    await (bar.kind === "systemd" ? raiseDropIn(bar) : raisePolicy(bar));
  }
}

/**
 * Lifts bars, in any state, also those that were never raised. What is gone is fine.
 * @returns what could not be lifted, as sentences with the command that does it
 */
export async function liftBars(bars: readonly Bar[]): Promise<string[]> {
  const problems: string[] = [];
  for (const bar of bars) {
    const problem = await (bar.kind === "systemd" ? liftDropIn(bar) : liftPolicy(bar));
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}

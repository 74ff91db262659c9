import { realpath } from "node:fs/promises";
import { hasCode } from "../../errors.ts";
import { findGateway } from "../../gateway/find-gateway.ts";
import type { GatewayControl } from "../../gateway/recipe.ts";
import type { OperationContext } from "../context.ts";
import { type Survey, surveyInstance } from "../survey.ts";
import type { Destination } from "./destination.ts";

/** The instance that is to be replaced, if there is one. */
export interface InstanceHere {
  /** Finds that very instance. */
  context: OperationContext;
  survey: Survey | undefined;
}

/** Looks at what is where a snapshot goes. */
export async function instanceHere(
  context: OperationContext,
  { stateDir }: Pick<Destination, "stateDir">,
): Promise<InstanceHere> {
  const usual = await orNothing(surveyInstance(context));
  const real = await realpath(stateDir).catch(() => stateDir);
  if (usual?.instance.realStateDir === real) return { context, survey: usual };
  const named = { ...context, instance: { stateDir } };
  return { context: named, survey: await orNothing(surveyInstance(named)) };
}

/** @throws E_GATEWAY when it cannot be told, or runs in a way that cannot be stopped from here */
export async function gatewayOf({
  context: { env, home },
  survey,
}: InstanceHere): Promise<GatewayControl | undefined> {
  if (survey === undefined) return undefined;
  return findGateway(survey.instance, { env, home, platform: process.platform });
}

async function orNothing(survey: Promise<Survey>): Promise<Survey | undefined> {
  try {
    return await survey;
  } catch (error) {
    if (hasCode(error, "E_NO_INSTANCE")) return undefined;
    throw error;
  }
}

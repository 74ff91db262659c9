import { hostname } from "node:os";
import { hasCode } from "../errors.ts";
import { gatewayProcess } from "../openclaw/gateway.ts";
import type { InstanceCopy } from "../openclaw/instance-copy.ts";
import { judgeChannels, type JudgingOptions } from "../openclaw/portability/judge-channels.ts";
import { askServices, PUBLIC_SERVICES, type Services } from "../openclaw/portability/online.ts";
import type { ChannelVerdict } from "../openclaw/portability/verdict.ts";
import type { Snapshot } from "../snapshot/snapshots.ts";
import type { OperationContext } from "./context.ts";
import { resolveForHere } from "./latest.ts";
import type { SessionsDocument, SessionVerdict } from "./sessions/document.ts";
import { liveCopy } from "./sessions/live-copy.ts";
import { newerHere, newerInRepository, type Newer } from "./sessions/newer.ts";
import { sessionsCopy } from "./sessions/snapshot-copy.ts";
import { refOf } from "./snapshot-documents.ts";
import { surveyInstance } from "./survey.ts";
import { type Session, withRepository } from "./with-repository.ts";

export interface SessionsOptions {
  /** Undefined: the live instance. */
  snapshot: string | Date | undefined;
  /** Ask the services whom the credentials belong to. */
  online: boolean;
  /** Where they are asked. */
  services?: Services;
}

/** How long a service may take, ms. */
const TIMEOUT_MS = 10_000;

/**
 * What becomes of each channel's session when the instance moves or comes back.
 *
 * @throws E_NO_INSTANCE, E_NO_SNAPSHOT, E_AMBIGUOUS_ID, E_DAMAGED, E_NO_SPACE, E_INTERRUPTED
 */
export async function sessions(
  context: OperationContext,
  options: SessionsOptions,
): Promise<SessionsDocument> {
  const { snapshot } = options;
  if (snapshot === undefined) return ofLive(context, options);
  return withRepository(context, "read", async (session) => {
    const found = await resolveForHere(context, session.repository, snapshot);
    await session.repository.loadIndex();
    const document = await ofSnapshot(context, session, found.snapshot, options);
    if (found.note !== undefined) document.notes.unshift(found.note);
    return document;
  });
}

async function ofLive(
  context: OperationContext,
  options: SessionsOptions,
): Promise<SessionsDocument> {
  const survey = await surveyInstance(context);
  await using live = await liveCopy(context, survey);
  const judging = { now: context.now(), live: true, env: context.env };
  const gateway = await gatewayProcess(survey.instance);
  const verdicts = await judgeChannels(live.copy, judging);
  const running =
    gateway?.alive === true
      ? [`The gateway is running here (pid ${gateway.pid}) and uses it.`]
      : [];
  return {
    snapshot: null,
    instance: { stateDir: survey.instance.stateDir, hostname: hostname() },
    channels: await withAnswers(
      verdicts.map((each) => withEvidence(each, each.ratchets ? running : [])),
      live.copy,
      judging,
      context,
      options,
    ),
    notes: [],
    warnings: survey.config.problems.map(({ path, message }) => `${path}: ${message}`),
  };
}

async function ofSnapshot(
  context: OperationContext,
  session: Session,
  snapshot: Snapshot,
  options: SessionsOptions,
): Promise<SessionsDocument> {
  await using restored = await sessionsCopy(context, session, snapshot);
  const judging = { now: context.now(), live: false, env: {} };
  const verdicts = await judgeChannels(restored.copy, judging);
  const live = await liveVerdicts(context, restored.copy.stateDir);
  const judged: ChannelVerdict[] = [];
  for (const verdict of verdicts) {
    const newer = verdict.ratchets
      ? (newerHere(verdict, live) ??
        (await newerInRepository(session.repository, snapshot, verdict)))
      : undefined;
    judged.push(newer === undefined ? verdict : outdated(verdict, newer));
  }
  const elsewhere =
    snapshot.hostname === hostname()
      ? []
      : [`It was taken on the machine ${snapshot.hostname}: the same sessions may be alive there.`];
  return {
    snapshot: refOf(snapshot),
    instance: { stateDir: restored.manifest.instance.stateDir, hostname: snapshot.hostname },
    channels: await withAnswers(judged, restored.copy, judging, context, options),
    notes: elsewhere,
    warnings: restored.faults,
  };
}

/** Of the same instance, if it is on this machine. */
async function liveVerdicts(
  context: OperationContext,
  stateDir: string,
): Promise<ChannelVerdict[]> {
  try {
    const survey = await surveyInstance(context);
    if (survey.instance.realStateDir !== stateDir) return [];
    await using live = await liveCopy(context, survey);
    return await judgeChannels(live.copy, { now: context.now(), live: true, env: context.env });
  } catch (error) {
    if (hasCode(error, "E_NO_INSTANCE")) return [];
    throw error;
  }
}

/** A ratchet that is put back behind what the other side has seen does not fit any more. */
function outdated(verdict: ChannelVerdict, { where, time }: Newer): ChannelVerdict {
  const sentence = `A newer state of this session is ${where}, of ${time}: this one no longer fits what the other side has.`;
  const isLost = verdict.verdict === "survives if";
  return {
    ...verdict,
    verdict: isLost ? "must be paired again" : verdict.verdict,
    conditions: isLost ? [] : verdict.conditions,
    evidence: [sentence, ...verdict.evidence],
    afterwards: isLost
      ? `Take the newer state (${where}) instead, as a restore in place does by itself; with this one it must be linked again.`
      : verdict.afterwards,
  };
}

async function withAnswers(
  verdicts: readonly ChannelVerdict[],
  copy: InstanceCopy,
  judging: JudgingOptions,
  { signal }: OperationContext,
  { online, services = PUBLIC_SERVICES }: SessionsOptions,
): Promise<SessionVerdict[]> {
  if (!online) return verdicts.map((each) => ({ ...each, online: null }));
  const answers = await askServices(copy, judging, { services, signal, timeoutMs: TIMEOUT_MS });
  return verdicts.map((each): SessionVerdict => {
    const found = answers.find(({ channel, account }) => {
      return channel === each.channel && account === each.account;
    });
    if (found === undefined) return { ...each, online: null };
    const { accepted, said } = found;
    const told = { ...withEvidence(each, [said]), online: { accepted, said } };
    return accepted === false ? { ...told, verdict: "must be paired again", conditions: [] } : told;
  });
}

function withEvidence(verdict: ChannelVerdict, sentences: readonly string[]): ChannelVerdict {
  return { ...verdict, evidence: [...sentences, ...verdict.evidence] };
}

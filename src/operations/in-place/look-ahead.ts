import { ClawbackError } from "../../errors.ts";
import type { MappingReport } from "../../openclaw/mapping/report.ts";
import { planMappings } from "../../openclaw/mapping/rewrite-copy.ts";
import {
  compareSessions,
  type SessionChoice,
} from "../../openclaw/portability/compare-sessions.ts";
import { missingPlugins } from "../../openclaw/revival/missing-plugins.ts";
import { versionVerdict } from "../../openclaw/revival/version-verdict.ts";
import { installedVersion } from "../../openclaw/version.ts";
import type { InstanceCopy } from "../../openclaw/instance-copy.ts";
import type { OperationContext } from "../context.ts";
import type { Manifest } from "../manifest.ts";
import { copyAsItWas, copyAsItWillBe, liveCopy } from "./copies.ts";
import type { Destination } from "./destination.ts";
import type { InPlaceDocument } from "./document.ts";
import type { InstanceHere } from "./instance-here.ts";
import type { InPlaceOptions } from "./options.ts";
import type { Preview } from "./preview.ts";

interface Ahead {
  sessions: SessionChoice[];
  mapping: MappingReport | null;
  plugins: InPlaceDocument["plugins"];
}

/**
 * What can be told from a part of the snapshot.
 * @throws E_VERSION
 */
export async function lookAhead(
  context: OperationContext,
  { at, everything }: Preview,
  given: {
    manifest: Manifest;
    destination: Destination;
    here: InstanceHere;
    options: InPlaceOptions;
  },
): Promise<Ahead> {
  const { manifest, destination, here, options } = given;
  const copy = copyAsItWillBe(manifest, destination, at);
  await refuseVersion(context, copy);
  const { survey } = here;
  const words = { words: options.rewriteWords, signal: context.signal };
  return {
    sessions:
      survey === undefined ? [] : await compareSessions(liveCopy(survey), copy, options.sessions),
    mapping: everything
      ? await planMappings(copyAsItWas(manifest, at), destination.mappings, words)
      : null,
    plugins: await pluginsOf(copy),
  };
}

/** @throws E_VERSION when the installed OpenClaw is too old for what the copy holds */
export async function refuseVersion({ env }: OperationContext, copy: InstanceCopy): Promise<void> {
  const verdict = await versionVerdict(copy, await installedVersion(env));
  if (verdict.ok) return;
  throw new ClawbackError("E_VERSION", verdict.why, {
    hint: `Nothing was changed. Install it first: npm install -g openclaw@${verdict.needs}`,
  });
}

export async function pluginsOf(copy: InstanceCopy): Promise<InPlaceDocument["plugins"]> {
  const missing = await missingPlugins(copy);
  return missing.map(({ id, spec, command }) => ({ id, spec, command, installed: null }));
}

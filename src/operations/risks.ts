import { stat } from "node:fs/promises";
import { errno } from "../errors.ts";
import { isInside, sameFileSystem } from "../fs/paths.ts";
import type { GatewayProcess } from "../openclaw/gateway.ts";
import type { OpenClawVersion } from "../openclaw/version.ts";
import { isRepository } from "../repository/repository.ts";
import { parseLocation } from "../storage/location.ts";
import { openStorage } from "../storage/open.ts";
import type { OperationContext } from "./context.ts";
import type { InspectedDatabase, Risk } from "./documents.ts";
import { neighboursOf } from "./neighbours.ts";
import type { Survey } from "./survey.ts";

/** What the look at an instance brought that a risk may follow from. */
export interface Evidence {
  survey: Survey;
  gateway: GatewayProcess | undefined;
  databases: readonly InspectedDatabase[];
  /** Secret files that other accounts could read. */
  exposed: readonly string[];
}

/** What would make the worst day worse, gravest first, each with what to do about it. */
export async function risksOf(
  context: OperationContext,
  { survey, gateway, databases, exposed }: Evidence,
): Promise<Risk[]> {
  return [
    ...emptyDatabases(databases),
    ...damagedDatabases(databases),
    ...malformedConfig(survey),
    ...(await repositoryRisks(context, survey)),
    ...readableSecrets(survey, exposed),
    ...(await rootRisk(survey, gateway)),
    ...versionRisks(survey.version, gateway?.alive === true),
    ...(await neighbourRisk(context, survey)),
  ];
}

function emptyDatabases(databases: readonly InspectedDatabase[]): Risk[] {
  const empty = databases.filter((each) => each.empty !== null);
  return empty.map(({ path, empty: sentence }) => ({
    code: "empty-database",
    message: `${path}: ${sentence}`,
    hint: "if the agent had memories there, look for an older copy before the next backups replace it: `clawback find` lists every snapshot that has the file",
    paths: [path],
  }));
}

function damagedDatabases(databases: readonly InspectedDatabase[]): Risk[] {
  const damaged = databases.filter(({ damaged, empty }) => damaged && empty === null);
  return damaged.map(({ path, problems }) => ({
    code: "damaged-database",
    message: `${path}: ${problems.join("; ")}`,
    hint: "a backup takes it as it is; keep the snapshots from before, and let `openclaw doctor` look at it",
    paths: [path],
  }));
}

function malformedConfig({ config }: Survey): Risk[] {
  const { path, present, parsed } = config;
  if (path === undefined || !present || parsed) return [];
  return [
    {
      code: "malformed-config",
      message: `${path} cannot be parsed: what it names is made out as well as it can be, or taken from the last good copy`,
      hint: "mend it (`openclaw config validate` says where), then look again: a place that only it names may be missing here",
      paths: [path],
    },
  ];
}

async function repositoryRisks(context: OperationContext, survey: Survey): Promise<Risk[]> {
  const path = localRepository(context);
  if (path === undefined) return [];
  const { realStateDir } = survey.instance;
  for (const root of survey.roots) {
    if (!(await isInside(path, root.realPath))) continue;
    return [
      {
        code: "repository-inside",
        message: `the repository ${path} lies inside of ${root.path}, which it is to protect`,
        hint: "name a place outside with --repo, best on another disk",
        paths: [path],
      },
    ];
  }
  if (!(await hasRepository(context))) {
    return [
      {
        code: "no-repository",
        message: `there is no repository at ${path}: nothing is protected yet`,
        hint: "`clawback init --repo <directory on another disk>` makes one and takes the first backup",
      },
    ];
  }
  if (!(await sameFileSystem(path, realStateDir))) return [];
  return [
    {
      code: "same-disk",
      message: `the repository ${path} is on the same disk as the agent: that protects from mistakes, not from the loss of the disk`,
      hint: "copy its directory elsewhere regularly, or make one on another disk with `clawback init --repo`",
      paths: [path],
    },
  ];
}

/** Undefined for a service, and for what is no place at all. */
function localRepository({ location, home }: OperationContext): string | undefined {
  try {
    const { scheme, path } = parseLocation(location, { home });
    return scheme === "local" ? path : undefined;
  } catch {
    return undefined;
  }
}

/** What cannot be asked (a mount that is gone) is not called missing. */
async function hasRepository({ location, home }: OperationContext): Promise<boolean> {
  await using storage = await openStorage(location, { home });
  return await isRepository(storage).catch(() => true);
}

function readableSecrets({ instance, roots }: Survey, exposed: readonly string[]): Risk[] {
  if (exposed.length === 0) return [];
  const inside = exposed.some((path) => path.startsWith(`${instance.realStateDir}/`));
  const elsewhere = roots.filter(
    ({ kind, realPath }) =>
      kind !== "state" && exposed.some((path) => `${path}/`.startsWith(`${realPath}/`)),
  );
  const commands = [
    ...(inside ? [`chmod go-rwx ${instance.stateDir}`] : []),
    ...elsewhere.map(({ path }) => `chmod go-rwx ${path}`),
  ];
  const many = exposed.length === 1 ? "one secret file" : `${exposed.length} secret files`;
  return [
    {
      code: "secrets-readable",
      message: `other accounts of this machine may read ${many}`,
      hint: commands.map((command) => `\`${command}\``).join(", "),
      paths: [...exposed],
    },
  ];
}

async function rootRisk(
  { instance }: Survey,
  gateway: GatewayProcess | undefined,
): Promise<Risk[]> {
  const runs = gateway?.alive === true && (await ownerOf(`/proc/${gateway.pid}`)) === 0;
  const owned = (await ownerOf(instance.realStateDir)) === 0;
  if (!runs && !owned) return [];
  const what = runs ? "OpenClaw runs as root" : "the state belongs to root";
  return [
    {
      code: "as-root",
      message: `${what}: whatever gets into the agent has the whole machine, its backups too`,
      hint: "give OpenClaw an account of its own, and the state to that account",
    },
  ];
}

async function ownerOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).uid;
  } catch (error) {
    if (errno(error) === undefined) throw error;
    return undefined;
  }
}

function versionRisks({ recorded, installed }: OpenClawVersion, isRunning: boolean): Risk[] {
  if (recorded === undefined || recorded === installed) return [];
  if (installed === undefined) {
    return [
      {
        code: "no-openclaw",
        message: `OpenClaw ${recorded} wrote this state, and there is no \`openclaw\` on the PATH to open it with`,
        hint: `note the version; a restored copy wants \`npm install -g openclaw@${recorded}\``,
      },
    ];
  }
  if (compareVersions(installed, recorded) < 0) {
    return [
      {
        code: "other-version",
        message: `OpenClaw ${recorded} wrote this state, and ${installed} is installed: an older release may not understand it`,
        hint: `\`npm install -g openclaw@${recorded}\``,
      },
    ];
  }
  // It has been started since, and whatever there was to migrate is migrated.
  if (isRunning) return [];
  return [
    {
      code: "other-version",
      message: `OpenClaw ${recorded} wrote this state last, and ${installed} is installed: its first start may migrate what it finds`,
      hint: "take a backup before that: a migration has no way back",
    },
  ];
}

/** By the numbers: 2026.10.1 is newer than 2026.9.6. */
function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

async function neighbourRisk({ home }: OperationContext, { instance }: Survey): Promise<Risk[]> {
  const others = await neighboursOf(instance, home);
  if (others.length === 0) return [];
  const paths = others.map(({ stateDir }) => stateDir).sort();
  const one = paths.length === 1;
  return [
    {
      code: "other-instances",
      message: `there ${one ? "is another instance" : `are ${paths.length} other instances`} on this machine that this does not cover: ${paths.join(", ")}`,
      hint: `protect ${one ? "it" : "each"} with a run of its own: \`clawback backup --state-dir ${paths[0]}\``,
      paths,
    },
  ];
}

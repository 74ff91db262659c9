import { hollowness } from "../openclaw/facts.ts";
import { gatewayProcess } from "../openclaw/gateway.ts";
import { hostedMemory } from "../openclaw/hosted-memory.ts";
import { type CaptureSite, openCaptureSite } from "./capture-site.ts";
import { type CountedFile, takeCensus } from "./census.ts";
import type { OperationContext } from "./context.ts";
import type {
  Exclusion,
  InspectDocument,
  InspectedComponent,
  InspectedDatabase,
  PathProblem,
} from "./documents.ts";
import { inspectedDatabase, lookAtDatabases, type LookedAt } from "./inspected-databases.ts";
import { Inventory } from "./inventory.ts";
import { Placement } from "./placement.ts";
import { risksOf } from "./risks.ts";
import type { RootIndex } from "./root-index.ts";
import { type BackupSource, openSource } from "./source.ts";
import { surveyInstance } from "./survey.ts";

export interface InspectOptions {
  /** Patterns that a backup would be given. */
  exclude: readonly string[];
}

/** From the worst on. */
const LOSSES = ["irreplaceable", "painful", "rebuildable"];

/**
 * What the instance consists of, what a backup would take of it, to the byte, and what it would
 * leave out. Reads names, sizes, the first bytes of files, and what databases say of themselves.
 *
 * @throws E_NO_INSTANCE, E_INTERRUPTED; what cannot be read is in the result
 */
export async function inspect(
  context: OperationContext,
  { exclude }: InspectOptions,
): Promise<InspectDocument> {
  const first = await surveyInstance(context);
  await using site = await openCaptureSite(context, { verify: false });
  const everything = { components: [], agents: [], exclude };
  const source = await openSource(context, first, site, everything);
  const { survey, roots, selection } = source;
  const { instance, config, channels, version } = survey;
  const stock = await takeStock(context, source, site);
  const databases = stock.databases.sort((a, b) => b.bytes - a.bytes);
  const errors = [...survey.problems, ...stock.errors]
    .map(({ path, message }) => ({ path, message }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const gateway = await gatewayProcess(instance);
  return {
    instance: {
      stateDir: instance.stateDir,
      configFile: config.present ? (config.path ?? null) : null,
      version: version.recorded ?? version.installed ?? null,
      installed: version.installed ?? null,
      running: gateway?.alive ?? null,
    },
    components: componentsOf(stock.inventory, databases, roots),
    counts: stock.inventory.counts(stock.tables, channels.length),
    items: stock.placement.items(),
    channels,
    databases,
    outside: stock.placement.outside(),
    excluded: [...stock.excluded, ...survey.left].sort((a, b) => b.bytes - a.bytes),
    errors,
    risks: await risksOf(context, { survey, gateway, databases, exposed: stock.exposed }),
    notProtected: hostedMemory(config),
    warnings: [
      ...selection.warnings(),
      ...errors.map(({ path, message }) => `${path}: ${message}`),
      ...databases.flatMap(({ path, empty, problems }) =>
        [...(empty === null ? [] : [empty]), ...problems].map((each) => `${path}: ${each}`),
      ),
    ],
  };
}

/** Looks at every file that a backup would take, and asks the databases. */
async function takeStock(
  { progress, signal }: OperationContext,
  { roots, paths, selection, discovery }: BackupSource,
  site: CaptureSite,
): Promise<Stock> {
  const stock = new Stock(roots);
  progress.start("Looking", discovery.total);
  try {
    const census = await takeCensus(paths, selection.select, signal, (file) => {
      const size = Number(file.stat.size);
      stock.add(file, size);
      progress.add({ files: 1, bytes: size, current: file.path.toString() });
    });
    const { looks, errors } = await lookAtDatabases(site, census.databases, signal);
    for (const each of looks) stock.addDatabase(each);
    stock.excluded.push(...census.excluded);
    stock.errors.push(...census.errors, ...errors);
    return stock;
  } finally {
    progress.finish();
  }
}

/** What is found, file by file. */
class Stock {
  readonly inventory: Inventory;
  readonly placement: Placement;
  /** Secrets that other accounts could read. */
  readonly exposed: string[] = [];
  readonly databases: InspectedDatabase[] = [];
  /** Rows of each database's tables. */
  readonly tables = new Map<string, Record<string, number | null>>();
  readonly excluded: Exclusion[] = [];
  readonly errors: PathProblem[] = [];
  readonly #roots: RootIndex;

  constructor(roots: RootIndex) {
    this.#roots = roots;
    this.inventory = new Inventory(roots);
    this.placement = new Placement(roots);
  }

  /** @param size bytes in the snapshot */
  add(file: CountedFile, size: number): void {
    const path = file.path.toString();
    const what = this.inventory.add(path, size);
    if (what === undefined) return;
    this.placement.add(path, size, what);
    if (what.secret && file.exposed) this.exposed.push(path);
    // Without a header it is no database; by its place and name it ought to be one.
    const empty = size === 0 ? hollowness(path, undefined, size) : undefined;
    if (empty !== undefined) {
      const nothing = { bytes: 0, rows: null, holds: [], damaged: false, problems: [] };
      this.databases.push({ path, ...nothing, empty });
    }
  }

  addDatabase(looked: LookedAt): void {
    const { names } = looked.found;
    for (const name of names) this.add(name, looked.look.size);
    this.databases.push(inspectedDatabase(looked, this.#roots));
    this.tables.set(names[0].path.toString(), looked.look.facts?.tables ?? {});
  }
}

function componentsOf(
  inventory: Inventory,
  databases: readonly InspectedDatabase[],
  roots: RootIndex,
): InspectedComponent[] {
  const componentOf = (path: string) => roots.classify(path, false)?.component;
  return inventory.components().map((sum) => {
    const parts = inventory.partsOf(sum.component);
    const own = databases.filter(({ path }) => componentOf(path) === sum.component);
    return {
      ...sum,
      loss: LOSSES.find((loss) => parts.some((part) => part.loss === loss)) ?? "irreplaceable",
      secret: parts.some(({ secret }) => secret),
      holds: [...new Set(own.flatMap(({ holds }) => holds))].sort(),
      parts,
    };
  });
}

import { runCommand } from "./command.ts";
import type { CommandResult, Invocation } from "./command.ts";
import { GatewayRun } from "./gateway-run.ts";
import { addStandIn, gatewayPort, loopbackPorts, reachesStandIn } from "./model-route.ts";
import { defaultAgent, listIn, pluginsNotLoaded } from "./openclaw-lists.ts";
import { StandInModel } from "./stand-in-model.ts";
import { takeTurn } from "./turn.ts";
import type { Turn } from "./turn.ts";

/** As it was seen from inside; the log still holds secrets. */
export interface BootFacts {
  readyMs: number | null;
  sessions: number | null;
  crons: number | null;
  turn: Turn | null;
  stopped: boolean;
  notLoaded: string[];
  problems: string[];
  notes: string[];
  log: string;
}

export interface BootOptions extends Invocation {
  turn: boolean;
  /** Where the gateway listens; undefined: where its configuration says. */
  port: number | undefined;
  configPath: string;
}

const COMMAND_MS = 180_000;

/** Asks OpenClaw; the words are appended to those that start it. */
type Ask = (...args: string[]) => Promise<CommandResult>;

/** Starts the gateway, looks at what it makes of its state, lets an agent speak, stops it. */
export async function boot(options: BootOptions): Promise<BootFacts> {
  const { words, cwd } = options;
  const ask: Ask = (...args) => runCommand([...words, ...args], { cwd, timeoutMs: COMMAND_MS });
  const facts = nothingYet();
  const asked = await askSettings(ask);
  const { providers } = asked;
  const agent = options.turn ? defaultAgent(asked.agents) : undefined;
  if (options.turn && agent === undefined) facts.problems.push("no agent could be found");
  const port = options.port ?? gatewayPort(asked.gateway);
  await using model = await StandInModel.listen(
    // Outside of a box these may be those of a living model.
    options.port === undefined ? loopbackPorts(providers) : [],
  );
  const isDirect = agent !== undefined && reachesStandIn(agent, providers, model.ports);

  await withGateway(options, port, facts, async () => {
    await look(ask, asked.plugins, facts);
    if (agent !== undefined && isDirect) facts.turn = await takeTurn(ask, agent, undefined);
  });
  if (agent !== undefined && !isDirect && facts.readyMs !== null) {
    const standIn = await addStandIn(options.configPath, model.ports[0] ?? 0);
    facts.notes.push("for the turn alone, a stand-in for the model was added to the configuration");
    await withGateway(options, port, facts, async () => {
      facts.turn = await takeTurn(ask, agent, standIn);
    });
  }
  if (facts.turn?.ok === false) {
    facts.problems.push(`agent ${facts.turn.agent} did not answer: ${facts.turn.reply}`);
  }
  return facts;
}

/** What its configuration comes to, as OpenClaw itself reads it; empty where it says nothing. */
async function askSettings(
  ask: Ask,
): Promise<Record<"gateway" | "providers" | "plugins" | "agents", string>> {
  const config = (path: string): Promise<CommandResult> => ask("config", "get", path, "--json");
  const [gateway, providers, plugins, agents] = await Promise.all([
    config("gateway"),
    config("models.providers"),
    config("plugins.entries"),
    ask("agents", "list", "--json"),
  ]);
  return {
    gateway: gateway.stdout,
    providers: providers.stdout,
    plugins: plugins.stdout,
    agents: agents.stdout,
  };
}

function nothingYet(): BootFacts {
  return {
    readyMs: null,
    sessions: null,
    crons: null,
    turn: null,
    stopped: false,
    notLoaded: [],
    problems: [],
    notes: [],
    log: "",
  };
}

/** Does something while the gateway is ready, if it gets so; then stops it. */
async function withGateway(
  { words, cwd, port: given }: BootOptions,
  port: number,
  facts: BootFacts,
  work: () => Promise<void>,
): Promise<void> {
  const own = given === undefined ? [] : ["--port", String(given)];
  using gateway = new GatewayRun([...words, "gateway", "run", ...own], { cwd, port });
  const readyMs = await gateway.waitUntilReady();
  facts.readyMs ??= readyMs;
  if (readyMs === null) {
    facts.problems.push(`the gateway did not get ready: ${gateway.end ?? "its time was up"}`);
  } else {
    await work();
  }
  facts.stopped = await gateway.stop();
  if (!facts.stopped && readyMs !== null) {
    facts.problems.push(`the gateway did not end cleanly: ${gateway.end ?? "its time was up"}`);
  }
  facts.log += gateway.log;
}

async function look(ask: Ask, wanted: string, facts: BootFacts): Promise<void> {
  const answered = async (what: string, ...args: string[]): Promise<string | undefined> => {
    const { code, stdout, stderr } = await ask(...args, "--json");
    if (code === 0) return stdout;
    const said = stderr.trim().split("\n", 1)[0] ?? "";
    facts.problems.push(`${what} could not be listed: ${said || `exit ${code}`}`);
    return undefined;
  };
  const crons = await answered("cron jobs", "cron", "list", "--all");
  const sessions = await answered("sessions", "sessions", "list", "--all-agents", "--limit", "all");
  const plugins = await answered("plugins", "plugins", "list");
  facts.crons = listIn(crons ?? "", "jobs")?.length ?? null;
  facts.sessions = listIn(sessions ?? "", "sessions")?.length ?? null;
  facts.notLoaded = pluginsNotLoaded(plugins ?? "", wanted);
}

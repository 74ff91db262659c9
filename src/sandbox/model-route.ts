import { layConfigOver } from "./config-over.ts";
import { isTree, jsonIn } from "./openclaw-lists.ts";
import type { Agent } from "./openclaw-lists.ts";
import { STAND_IN_MODEL } from "./stand-in-model.ts";

const DEFAULT_GATEWAY_PORT = 18789;
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;
/** The interface that the stand-in speaks, in OpenClaw's words. */
const INTERFACE = "openai-completions";
const PROVIDER = "clawback-stand-in";

/** The port in a configuration's `gateway`, as `config get` prints it. */
export function gatewayPort(gateway: string): number {
  const value = jsonIn(gateway);
  const port = isTree(value) ? value["port"] : undefined;
  return typeof port === "number" ? port : DEFAULT_GATEWAY_PORT;
}

/** Ports on the loopback that providers of a configuration are said to listen on. */
export function loopbackPorts(providers: string): number[] {
  const value = jsonIn(providers);
  const urls = Object.values(isTree(value) ? value : {}).map(addressOf);
  const ports = urls.filter((url) => url !== undefined).map(({ port }) => Number(port || "80"));
  return [...new Set(ports)];
}

/** Whether an agent's model is asked at an address where the stand-in can listen. */
export function reachesStandIn(
  { model }: Agent,
  providers: string,
  ports: readonly number[],
): boolean {
  const value = jsonIn(providers);
  const provider = isTree(value) ? value[model?.split("/", 1)[0] ?? ""] : undefined;
  const url = addressOf(provider);
  if (url === undefined || !isTree(provider)) return false;
  return provider["api"] === INTERFACE && ports.includes(Number(url.port || "80"));
}

function addressOf(provider: unknown): URL | undefined {
  const base = isTree(provider) ? provider["baseUrl"] : undefined;
  const url = typeof base === "string" ? URL.parse(base) : null;
  return url?.protocol === "http:" && LOOPBACK.test(url.hostname) ? url : undefined;
}

/**
 * Adds the stand-in to a copy's configuration as one more provider.
 *
 * @returns the model's name, for `--model`
 */
export async function addStandIn(configPath: string, port: number): Promise<string> {
  const name = `${PROVIDER}/${STAND_IN_MODEL}`;
  const model = {
    id: STAND_IN_MODEL,
    name: STAND_IN_MODEL,
    api: INTERFACE,
    reasoning: false,
    input: ["text"],
    cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
    contextWindow: 1_000_000,
    maxTokens: 4096,
  };
  const provider = {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    apiKey: "none",
    api: INTERFACE,
    models: [model],
  };
  await layConfigOver(configPath, {
    models: { mode: "merge", providers: { [PROVIDER]: provider } },
    agents: { defaults: { models: { [name]: {} } } },
  });
  return name;
}

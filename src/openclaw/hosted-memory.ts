import type { ConfigFacts } from "./config.ts";

/** Memory that lives with a service outside: no local backup holds it. */
export interface HostedMemory {
  /** As people call it. */
  service: string;
  /** Where in the configuration. */
  at: string;
}

interface HostedService {
  service: string;
  /** Ids of plugins, slots and MCP servers that talk to it. */
  id?: RegExp;
  /** Its own hosts. */
  host?: RegExp;
  /** A product that people also run themselves: it is outside when its address is. */
  selfHosted?: RegExp;
}

/** From the services' own documentation of their addresses and plugins. */
const SERVICES: readonly HostedService[] = [
  { service: "Supermemory", id: /supermemory/, host: /(^|\.)supermemory\.ai$/ },
  { service: "Mem0", id: /(^|[-_/@])mem0/, host: /(^|\.)mem0\.ai$/, selfHosted: /mem0/ },
  { service: "Zep", id: /(^|[-_/@])(zep|graphiti)/, host: /(^|\.)getzep\.com$/, selfHosted: /zep/ },
  { service: "Honcho", id: /honcho/, host: /(^|\.)honcho\.dev$/, selfHosted: /honcho/ },
  { service: "Letta", host: /(^|\.)letta\.com$/, selfHosted: /letta/ },
  { service: "Cognee", host: /(^|\.)cognee\.ai$/, selfHosted: /cognee/ },
  { service: "Hindsight", host: /(^|\.)vectorize\.io$/, selfHosted: /hindsight/ },
  { service: "Memobase", host: /(^|\.)memobase\.(io|dev)$/, selfHosted: /memobase/ },
  { service: "Pinecone", id: /pinecone/, host: /(^|\.)pinecone\.io$/ },
  { service: "Turbopuffer", id: /turbopuffer/, host: /(^|\.)turbopuffer\.com$/ },
  { service: "Upstash Vector", host: /vector\.upstash\.io$/ },
  { service: "Qdrant", host: /(^|\.)qdrant\.(io|tech)$/, selfHosted: /qdrant/ },
  { service: "Weaviate", host: /(^|\.)weaviate\.(cloud|network)$/, selfHosted: /weaviate/ },
  { service: "Chroma", host: /(^|\.)trychroma\.com$/, selfHosted: /chroma(db)?\b/ },
  { service: "Milvus", host: /(^|\.)zillizcloud\.com$/, selfHosted: /milvus|zilliz/ },
  { service: "MongoDB Atlas", host: /\.mongodb\.net$/ },
  { service: "Neo4j Aura", host: /\.databases\.neo4j\.io$/, selfHosted: /neo4j/ },
  { service: "LanceDB", host: /(^|\.)lancedb\.com$/, selfHosted: /lancedb/ },
];

/** Plugins by these names keep memory in files here, whatever their names have in common. */
const LOCAL = /^(memory-core|memory-wiki|memory-lancedb|active-memory)$/;

/** Addresses of this machine. */
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?|0\.0\.0\.0|host\.docker\.internal)$/;

/**
 * The memory that an instance keeps outside, each service once for each place that names it. An
 * address of this machine is none; a service known only by its plugin's id counts unless
 * the plugin's settings name an address here.
 */
export function hostedMemory({ services }: Pick<ConfigFacts, "services">): HostedMemory[] {
  const found = new Map<string, HostedMemory>();
  const add = (service: string, at: string) => {
    if (!found.has(`${service} ${at}`)) found.set(`${service} ${at}`, { service, at });
  };
  for (const { at, id, url } of services) {
    for (const { service, ...known } of SERVICES) {
      if (id !== undefined && isHosted(id, known, services)) add(service, at);
      if (url !== undefined && isOutside(url, at, known)) add(service, at);
    }
  }
  return [...found.values()];
}

type Known = Omit<HostedService, "service">;

function isHosted(id: string, known: Known, services: ConfigFacts["services"]): boolean {
  if (LOCAL.test(id) || known.id?.test(id.toLowerCase()) !== true) return false;
  const own = services.filter((one) => one.url !== undefined && belongsTo(one.at, id));
  return own.length === 0 || own.some(({ url = "" }) => !LOOPBACK.test(hostOf(url)));
}

function belongsTo(at: string, id: string): boolean {
  return at.startsWith(`plugins.entries.${id}.`) || at.startsWith(`mcp.servers.${id}.`);
}

function isOutside(url: string, at: string, { host, selfHosted }: Known): boolean {
  const name = hostOf(url);
  if (LOOPBACK.test(name)) return false;
  if (host?.test(name) === true) return true;
  // Of a provider of models only the hosts above are memory.
  return selfHosted?.test(at.toLowerCase()) === true && !/^(models|channels)\./.test(at);
}

function hostOf(url: string): string {
  const host = url.slice(url.indexOf("://") + 3);
  return host.startsWith("[") ? host.replace(/\].*$/, "]") : host.replace(/:\d+$/, "");
}

import { expect, test } from "vitest";
import { servicesIn } from "./config-services.ts";
import { hostedMemory } from "./hosted-memory.ts";

const found = (tree: Record<string, unknown>) =>
  hostedMemory({ services: servicesIn(tree) }).map(({ service, at }) => `${service} at ${at}`);

const plugin = (id: string, config: object = {}, more: object = {}) => {
  return { plugins: { entries: { [id]: { enabled: true, config, ...more } } } };
};

test.each([
  [plugin("openclaw-supermemory"), ["Supermemory at plugins.entries.openclaw-supermemory"]],
  [{ plugins: { slots: { memory: "openclaw-mem0" } } }, ["Mem0 at plugins.slots.memory"]],
  [
    plugin("memory-lancedb", { dbPath: "s3://bucket/openclaw" }),
    ["LanceDB at plugins.entries.memory-lancedb.config.dbPath"],
  ],
  [
    plugin("vectors", { qdrant: { url: "https://me:hunter2@q.example.org:6333" } }),
    ["Qdrant at plugins.entries.vectors.config.qdrant.url"],
  ],
  [
    plugin("vectors", { endpoint: "https://idx-1.svc.eu.pinecone.io" }),
    ["Pinecone at plugins.entries.vectors.config.endpoint"],
  ],
  [
    { mcp: { servers: { notes: { args: ["mcp-remote", "https://mcp.mem0.ai/v1"] } } } },
    ["Mem0 at mcp.servers.notes.args.1"],
  ],
])("%j is outside", (tree, expected) => {
  expect(found(tree)).toEqual(expected);
});

test.each([
  [plugin("memory-core")],
  [plugin("memory-lancedb", { dbPath: "~/.openclaw/memory/lancedb" })],
  [plugin("vectors", { qdrant: { url: "http://localhost:6333" } })],
  [plugin("vectors", { chroma: "http://[::1]:8000", milvus: "http://127.0.0.1:19530" })],
  [plugin("openclaw-mem0", { url: "http://127.0.0.1:8888" })],
  [plugin("openclaw-supermemory", { url: "https://api.supermemory.ai" }, { enabled: false })],
  [{ plugins: { deny: ["supermemory"], slots: { memory: "supermemory" } } }],
  [{ models: { providers: { x: { baseUrl: "https://qdrant-llm.example.org/v1" } } } }],
  [{ agents: { defaults: { memorySearch: { remote: { baseUrl: "https://api.example.org" } } } } }],
])("%j is not", (tree) => {
  expect(found(tree)).toEqual([]);
});

test("no password leaves the configuration", () => {
  const services = servicesIn({ a: { uri: "mongodb+srv://me:hunter2@c.mongodb.net/x?k=secret" } });
  expect(services).toEqual([{ at: "a.uri", url: "mongodb+srv://c.mongodb.net" }]);
});

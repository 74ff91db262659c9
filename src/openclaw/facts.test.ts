import { expect, test } from "vitest";
import { countedIn, entriesIn, hollowness, summarise } from "./facts.ts";

test("counts what databases and files hold", () => {
  const counts = summarise({
    databases: new Map([
      ["state/openclaw.sqlite", { cron_jobs: 5 }],
      [
        "agents/a/agent/openclaw-agent.sqlite",
        { session_nodes: 2, transcript_events: 7, sessions: 9 },
      ],
      ["agents/b/agent/openclaw-agent.sqlite", { session_nodes: null, memory_index_chunks: 12 }],
      ["gateway.db", { sessions: 1, messages: 3 }],
    ]),
    files: [
      { path: "/s/agents/a/sessions/x.jsonl", size: 10 },
      { path: "/s/agents/a/sessions/cold/y.jsonl.zst", size: 5 },
      { path: "/s/workspace/MEMORY.md", size: 1 },
      { path: "/s/workspace/memory/2026-09-01.md", size: 1 },
      { path: "/s/workspace/notes.md", size: 1 },
    ],
    entries: new Map([
      ["/s/cron/jobs.json", 3],
      ["/s/agents/a/sessions/sessions.json", 4],
    ]),
    channels: 2,
  });
  expect(counts).toEqual({
    sessions: 7,
    transcriptFiles: 2,
    transcriptRows: 10,
    cronJobs: 8,
    memoryRows: 12,
    memoryFiles: 2,
    channels: 2,
    databases: 4,
    files: 5,
    bytes: 18,
  });
});

test.each([
  ['{"version":1,"jobs":[{},{}]}', 2],
  ["[{}]", 1],
  ['{"agent:a:main":{},"agent:a:x":{}}', 2],
  ["{", 0],
  ["null", 0],
  ['{"jobs":7}', 0],
])("entries in %s: %i", (text, expected) => {
  expect(entriesIn(text)).toBe(expected);
});

test("which files list what", () => {
  expect(countedIn("cron/jobs.json")).toBe("cronJobs");
  expect(countedIn("/s/agents/a/sessions/sessions.json")).toBe("sessions");
  expect(countedIn("/s/cron/jobs.json.bak")).toBeUndefined();
});

test.each([
  ["/s/agents/a/agent/openclaw-agent.sqlite", undefined, 0],
  ["/s/agents/a/agent/openclaw-agent.sqlite", {}, 4096],
  ["/s/agents/a/agent/openclaw-agent.sqlite", { session_nodes: 0, transcript_events: 0 }, 4096],
  ["/s/memory/main.sqlite", { chunks: 0, files: 0 }, 4096],
  ["/s/gateway.db", { sessions: 0, messages: 0 }, 4096],
  ["/s/state/openclaw.sqlite", {}, 4096],
  ["/s/some/where.db", undefined, 0],
])("F10 %s with %j is hollow", (path, tables, size) => {
  expect(hollowness(path, tables, size)).toMatch(/^It (is|has) /);
});

test.each([
  ["/s/agents/a/agent/openclaw-agent.sqlite", undefined, 4096],
  ["/s/agents/a/agent/openclaw-agent.sqlite", { session_nodes: 1, transcript_events: 0 }, 4096],
  ["/s/agents/a/agent/openclaw-agent.sqlite", { session_nodes: null }, 4096],
  ["/s/agents/a/agent/openclaw-agent.sqlite", { unheard_of: 0 }, 4096],
  ["/s/memory/main.sqlite", { chunks: 3 }, 4096],
  ["/s/state/openclaw.sqlite", { cron_jobs: 0 }, 4096],
  ["/s/some/where.db", {}, 4096],
  ["/s/workspace/notes.md", undefined, 0],
])("%s with %j is not hollow", (path, tables, size) => {
  expect(hollowness(path, tables, size)).toBeUndefined();
});

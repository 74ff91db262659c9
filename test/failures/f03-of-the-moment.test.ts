import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { symlink } from "node:fs/promises";
import { expect, test } from "vitest";
import type { InspectDocument } from "../../src/operations/documents.ts";
import { expectSameState } from "../e2e/same-state.ts";
import { scenes } from "./scene.ts";

const scene = scenes();

/** Of the running gateway, where it puts them. */
const LOCKS = [
  "gateway.lock",
  "gateway.12ab.lock",
  "node.pid",
  "agents/clawd/sessions/old.jsonl.lock",
  "agents/clawd/sessions/sessions.json.lock",
  "sessions/s1.jsonl.lock",
  "tmp/openclaw-0/gateway.state.lock",
  "state/openclaw.sqlite.generation-lock.sqlite",
];
/** Somebody's own, whatever they are called. */
const OWN = [
  "workspace/site/yarn.lock",
  "workspace/Cargo.lock",
  "workspace/notes.pid",
  "workspace/tmp/draft.tmp",
  "workspace/story.jsonl.lock",
];

test("F3 locks, sockets, pids and pipes in the tree: named, left out, no failure", async () => {
  const { house, made } = scene();
  for (const path of [...LOCKS, ...OWN]) await house.write(path, "{}");
  // A lock whose holder has died and whose target is nowhere: a link, as Chromium and Emacs make it.
  await symlink("somebody@somewhere.4711:1", house.state("workspace/.#MEMORY.md"));
  execFileSync("mkfifo", [house.state("workspace/pipe")]);
  const sockets = ["workspace/agent.sock", "exec-approvals.sock"].map((path) => house.state(path));
  const servers = await Promise.all(sockets.map(listen));
  try {
    const { excluded } = await scene().backup(0);
    const special = [...sockets, house.state("workspace/pipe")];
    const named = excluded.map(({ path }) => path);
    for (const path of [...LOCKS.map((path) => house.state(path)), ...special]) {
      expect(
        named.some((one) => path === one || path.startsWith(`${one}/`)),
        path,
      ).toBe(true);
    }
    for (const { reason } of excluded) expect(reason).toMatch(/\w+ \w+/u);
    const inspected = await house.json<InspectDocument>("inspect");
    expect(inspected.excluded.map(({ path }) => path).sort()).toEqual(named.toSorted());

    const copy = await scene().restore();
    const leftOut = [...LOCKS, "workspace/agent.sock", "workspace/pipe", "exec-approvals.sock"];
    for (const path of leftOut) expect(existsSync(copy.state(path)), path).toBe(false);
    expectSameState(
      {
        ...made,
        kept: [...made.kept, ...OWN],
        leftOut: [...made.leftOut, ...leftOut],
      },
      copy.stateDir,
    );
  } finally {
    for (const server of servers) server.close();
  }
});

async function listen(path: string) {
  const server = createServer();
  await new Promise<void>((done) => void server.listen(path, done));
  return server;
}

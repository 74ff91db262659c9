import { mkdir, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeLayoutC } from "../../test/fixtures/instances.ts";
import { newRepository, temporaryFolder } from "../../test/support/archives.ts";
import { operationContext } from "../../test/support/operation-context.ts";
import type { Repository } from "../repository/repository.ts";
import { listSnapshots, type Snapshot } from "../snapshot/snapshots.ts";
import { type TreeEntry, walkTree } from "../snapshot/tree-walker.ts";
import { backupOpen } from "./backup.ts";
import { openCaptureSite } from "./capture-site.ts";
import { partSelector } from "./component-selector.ts";
import { EVERYTHING } from "./selection.ts";
import { openSource } from "./source.ts";
import { surveyInstance } from "./survey.ts";

let folder: ReturnType<typeof temporaryFolder>;
let repository: Repository;
let snapshot: Snapshot;
beforeEach(async () => {
  folder = temporaryFolder();
  const stateDir = folder.at(".openclaw");
  await makeLayoutC(stateDir);
  await mkdir(`${stateDir}/agents/quiet/sessions`, { recursive: true });
  await writeFile(`${stateDir}/agents/quiet/sessions/q.jsonl`, "{}\n");
  await writeFile(`${stateDir}/cron.txt`, "not one of its files");
  const context = operationContext(folder.path);
  const options = {
    ...EVERYTHING,
    exclude: [],
    tags: [],
    verify: false,
    gateway: "keep-running" as const,
    dryRun: false,
  };
  const survey = await surveyInstance(context);
  await using site = await openCaptureSite(context, options);
  const source = await openSource(context, survey, site, { ...EVERYTHING, exclude: [] });
  repository = await newRepository();
  const session = { repository, assertHeld: () => {}, signal: context.signal };
  await backupOpen(context, session, site, source, options);
  [snapshot] = (await listSnapshots(repository)) as [Snapshot];
});
afterEach(() => folder[Symbol.dispose]());

/** What a restore of this part takes, relative to the state directory. */
async function taken(names: { components?: string[]; agents?: string[] }) {
  const wanted = { components: [], agents: [], ...names };
  const part = await partSelector(repository, snapshot, wanted);
  const files: string[] = [];
  const enter = ({ path, node }: TreeEntry) => part.select(path, node) !== "skip";
  for await (const { path, node } of walkTree(repository, snapshot.tree, enter)) {
    const short = path.toString().replace(`${folder.at(".openclaw")}/`, "");
    if (part.select(path, node) === "take") files.push(short);
  }
  return { files, part };
}

test("a component that lives in a database brings the whole of it, and that is said", async () => {
  const { files, part } = await taken({ components: ["cron"] });
  expect(files).toEqual(["state/openclaw.sqlite"]);
  expect(part.notes()).toEqual([
    expect.stringMatching(
      /^Cron jobs live in state\/openclaw\.sqlite together with .*: the whole database is restored\.$/u,
    ),
  ]);
  const { part: none } = await taken({ components: ["workspace"] });
  expect(none.notes()).toEqual([]);
});

test("one agent, and of it one component", async () => {
  const { files, part } = await taken({ agents: ["quiet"] });
  expect(files).toEqual(["agents/quiet/sessions/q.jsonl"]);
  part.refuseUnknownAgents();
  const clawd = await taken({ agents: ["clawd"], components: ["sessions"] });
  expect(clawd.files).toContain("agents/clawd/sessions/old.jsonl");
  expect(clawd.files).toContain("agents/clawd/agent/openclaw-agent.sqlite");
  expect(clawd.files).not.toContain("workspace/SOUL.md");
  expect(clawd.files).not.toContain("state/openclaw.sqlite");
});

test("an agent that the snapshot does not know is refused with those it knows", async () => {
  const { part } = await taken({ agents: ["quiet", "nobody"] });
  expect(() => part.refuseUnknownAgents()).toThrow(
    expect.objectContaining({ code: "E_USAGE", hint: "the agents are: clawd, quiet" }),
  );
});

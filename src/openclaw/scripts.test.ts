import { chmod, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findScripts } from "./scripts.ts";

let home = "";
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "clawback-scripts-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function put(path: string, text = "#!/bin/sh\n"): Promise<string> {
  await mkdir(dirname(join(home, path)), { recursive: true });
  await writeFile(join(home, path), text);
  return join(home, path);
}

const search = async (text: string, at = "a job") => {
  const { found, left } = await findScripts([{ text, at }], { home });
  const short = (path: string) => path.replaceAll(home, "~");
  return {
    found: found.map(({ path, why }) => `${short(path)}: ${short(why)}`),
    left: left.map(({ path, reason }) => `${short(path)}: ${short(reason)}`),
  };
};

test("what is there is found, however it is written", async () => {
  await put("tidy.sh");
  await put("with blank.py");
  await mkdir(join(home, "directory"));
  const text = `sh -c '~/tidy.sh' "$HOME/with blank.py" ${home}/gone.sh ${home}/directory`;
  expect((await search(text, 'the cron job "tidy-up"')).found).toEqual([
    '~/tidy.sh: called by the cron job "tidy-up"',
    '~/with blank.py: called by the cron job "tidy-up"',
  ]);
});

test("what scripts call is followed two levels deep, through scripts alone", async () => {
  await put("a.sh", `#!/bin/sh\n. ~/b.bash\n~/a.sh\n`);
  await put("b.bash", `source "$HOME/c"\n`);
  await put("c", `#!/usr/bin/env python3\nopen("${home}/d.txt")\n`);
  await put("d.txt", `${home}/e.sh`);
  await put("e.sh");
  const { found } = await search("~/a.sh");
  expect(found).toEqual([
    "~/a.sh: called by a job",
    "~/b.bash: called by ~/a.sh",
    "~/c: called by ~/b.bash",
  ]);
  expect((await search("~/d.txt")).found).toEqual(["~/d.txt: called by a job"]);
});

test("the system's programs are passed over, what is large or installed is named", async () => {
  await truncate(await put("big"), 1024 * 1024 + 1);
  await truncate(await put("most"), 1024 * 1024);
  await put("app/node_modules/x/cli.js");
  await put(".nvm/versions/node/bin/node");
  await symlink("/bin/sh", join(home, "shell"));
  const text = `/bin/sh /usr/bin/env ~/shell ~/big ~/most ~/app/node_modules/x/cli.js ~/.nvm/versions/node/bin/node`;
  expect(await search(text)).toEqual({
    found: ["~/most: called by a job"],
    left: [
      "~/big: called by a job; larger than 1 MiB",
      "~/app/node_modules/x/cli.js: called by a job; installed; installing brings it back",
      "~/.nvm/versions/node/bin/node: called by a job; installed; installing brings it back",
    ],
  });
});

test("what only its owner may read is a secret", async () => {
  await chmod(await put("key"), 0o600);
  await chmod(await put("open"), 0o644);
  const { found } = await findScripts([{ text: "~/key ~/open", at: "x" }], { home });
  expect(found.map(({ secret }) => secret)).toEqual([true, false]);
});

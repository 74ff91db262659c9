import { isUtf8 } from "node:buffer";
import { lstatSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { Repository } from "../../src/repository/repository.ts";
import { fromStat, type TreeNode } from "../../src/snapshot/node.ts";
import { decodeTree, encodeTree } from "../../src/snapshot/tree.ts";
import { systemNames } from "../../src/snapshot/users.ts";
import { peerTest, resticVersions } from "../peers/peers.ts";
import { makeOddTimes, makeOddTree } from "./odd-tree.ts";
import { Restic, temporaryFolder } from "./restic.ts";

for (const peer of resticVersions) {
  describe(`the trees of ${peer.name}`, () => {
    peerTest("are read, and written again byte for byte", peer, async (program) => {
      using folder = temporaryFolder();
      await makeOddTree(folder.make("source"));
      const restic = new Restic(program, folder.path);
      expect(await compareEveryTree(restic, "UTC", peer.name)).toBeGreaterThan(150);
    });

    for (const zone of ["Asia/Kathmandu", "America/St_Johns"]) {
      peerTest(`hold the times that we see in ${zone}`, peer, async (program) => {
        using folder = temporaryFolder();
        makeOddTimes(join(folder.make("source"), "times"));
        const restic = new Restic(program, folder.path);
        expect(await compareEveryTree(restic, zone, peer.name)).toBe(11);
      });
    }
  });
}

/**
 * Backs `source` up and compares tree by tree: theirs, theirs written by us, and what we see of
 * the same files.
 * @returns how many files were compared
 */
async function compareEveryTree(restic: Restic, zone: string, version: string): Promise<number> {
  using _ = timeZone(zone);
  const source = join(restic.folder, "source");
  restic.run("init");
  restic.runWith({ TZ: zone }, "backup", source);
  const repository = await restic.open();
  await repository.loadIndex();
  const root = restic.snapshots()[0]?.tree ?? "";
  let seen = 0;
  for await (const { path, blob } of walk(repository, root, Buffer.from("/"))) {
    const nodes = decodeTree(blob);
    const isOld = version === "restic 0.14";
    const theirs = isOld ? lostBytesAsText(text(blob)) : text(blob);
    expect(text(encodeTree(nodes))).toBe(theirs);
    // The directories above are other people's too: they change while we look.
    if (!path.toString("latin1").startsWith(source)) continue;
    const ours = nodes.map((node) => lookAgain(path, node));
    if (isOld) ours.forEach(loseBytes);
    expect(text(encodeTree(ours))).toBe(theirs);
    seen += nodes.length;
  }
  return seen;
}

interface Walked {
  path: Buffer;
  blob: Buffer;
}

async function* walk(repository: Repository, id: string, path: Buffer): AsyncGenerator<Walked> {
  const blob = Buffer.from(await repository.loadBlob("tree", id));
  yield { path, blob };
  for (const { subtree, name } of decodeTree(blob)) {
    if (subtree !== undefined) yield* walk(repository, subtree, childOf(path, name));
  }
}

const names = systemNames();

/** What our own eyes make of the same file; contents are taken as restic cut them. */
function lookAgain(folder: Buffer, theirs: TreeNode): TreeNode {
  const path = childOf(folder, theirs.name);
  const stat = lstatSync(path, { bigint: true });
  const node = fromStat(theirs.name, stat, {
    user: names.user(Number(stat.uid)),
    group: names.group(Number(stat.gid)),
    ...(stat.isSymbolicLink() && { linktarget: readlinkSync(path, { encoding: "buffer" }) }),
  });
  if (theirs.content !== undefined) node.content = theirs.content;
  if (theirs.subtree !== undefined) node.subtree = theirs.subtree;
  return node;
}

/**
 * Before 0.16, the bytes of a target that are not UTF-8 were lost: escaped replacement characters.
 */
function lostBytesAsText(theirs: string): string {
  return theirs.replaceAll("\\ufffd", Buffer.from("\ufffd").toString("latin1"));
}

function loseBytes(node: TreeNode): void {
  const { linktarget } = node;
  if (linktarget === undefined || isUtf8(linktarget)) return;
  node.linktarget = Buffer.from(linktarget.toString("latin1").replace(/[^ -~]/g, "\ufffd"));
}

function childOf(folder: Buffer, name: Buffer): Buffer {
  return Buffer.concat([folder, Buffer.from(folder.at(-1) === 0x2f ? "" : "/"), name]);
}

/** A blob as lines that a failed comparison can show. */
function text(blob: Buffer): string {
  return blob.toString("latin1").replaceAll('{"name"', '\n{"name"');
}

function timeZone(zone: string): Disposable {
  const before = process.env["TZ"];
  process.env["TZ"] = zone;
  return {
    [Symbol.dispose]: () => {
      if (before === undefined) delete process.env["TZ"];
      else process.env["TZ"] = before;
    },
  };
}

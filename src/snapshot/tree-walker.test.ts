import * as fs from "node:fs";
import { expect, test } from "vitest";
import { backUp, newRepository, temporaryFolder } from "../../test/support/archives.ts";
import { findEntry, isWithin, walkTree } from "./tree-walker.ts";

async function setUp(folder: { path: string; at(...names: string[]): string }) {
  fs.mkdirSync(folder.at("dir/deep"), { recursive: true });
  fs.writeFileSync(folder.at("dir/deep/file"), "x");
  fs.writeFileSync(folder.at("dir.txt"), "x");
  fs.symlinkSync("dir", folder.at("link"));
  const repository = await newRepository();
  return { repository, tree: (await backUp(repository, folder.path)).tree };
}

test("depth first, a directory before what is in it, and not into what is not entered", async () => {
  using folder = temporaryFolder();
  const { repository, tree } = await setUp(folder);
  const walk = async (enter?: (path: string) => boolean) => {
    const paths: string[] = [];
    const entering = enter && (({ path }: { path: Buffer }) => enter(path.toString()));
    for await (const { path } of walkTree(repository, tree, entering)) paths.push(path.toString());
    const below = paths.filter((path) => path.startsWith(`${folder.path}/`));
    return below.map((path) => path.slice(folder.path.length + 1));
  };
  expect(await walk()).toEqual(["dir", "dir/deep", "dir/deep/file", "dir.txt", "link"]);
  expect(await walk((path) => !path.endsWith("/deep"))).toEqual([
    "dir",
    "dir/deep",
    "dir.txt",
    "link",
  ]);
});

test("an entry is found by its path, and never through a link or a file", async () => {
  using folder = temporaryFolder();
  const { repository, tree } = await setUp(folder);
  const find = async (...names: string[]) =>
    (await findEntry(repository, tree, Buffer.from(folder.at(...names))))?.node.type;
  expect(await find("dir/deep/file")).toBe("file");
  expect(await find("dir")).toBe("dir");
  expect(await find("link")).toBe("symlink");
  expect(await find("link/deep")).toBeUndefined();
  expect(await find("dir.txt/x")).toBeUndefined();
  expect(await find("nothing")).toBeUndefined();
  expect(await findEntry(repository, tree, Buffer.from("/"))).toBeUndefined();
});

test.each([
  ["/a/b", "/a", true],
  ["/a", "/a", true],
  ["/ab", "/a", false],
  ["/a", "/a/b", false],
  ["/a", "/", true],
  ["/", "/", true],
])("%s within %s: %s", (path, ancestor, expected) => {
  expect(isWithin(Buffer.from(path), Buffer.from(ancestor))).toBe(expected);
});

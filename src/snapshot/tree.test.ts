import fc from "fast-check";
import { expect, test } from "vitest";
import { hasCode } from "../errors.ts";
import { goMode, posixMode, type TreeNode } from "./node.ts";
import { decodeTree, encodeTree } from "./tree.ts";

const ID = "0123456789abcdef".repeat(4);
const TIME = "2024-07-03T09:46:40.12Z";
const isDamaged = expect.toSatisfy((error) => hasCode(error, "E_DAMAGED"));

function file(name: string | Buffer, more: Partial<TreeNode> = {}): TreeNode {
  return {
    name: Buffer.from(name as string),
    type: "file",
    mode: 0o644,
    uid: 0,
    gid: 0,
    content: [],
    ...more,
  };
}

function tree(...nodes: object[]): Buffer {
  return Buffer.from(JSON.stringify({ nodes }));
}

test("a full node has Go's fields in Go's order", () => {
  const full: TreeNode = {
    name: Buffer.from("a<b"),
    type: "dir",
    mode: 2 ** 31 + 0o755,
    mtime: TIME,
    atime: TIME,
    ctime: TIME,
    uid: 1,
    gid: 2,
    user: "u",
    group: "g",
    inode: 2n ** 64n - 1n,
    deviceId: 3n,
    size: 4n,
    links: 5n,
    linktarget: Buffer.from("62ff", "hex"),
    extendedAttributes: [
      { name: "user.a", value: "AQ==" },
      { name: "user.b", value: null },
    ],
    genericAttributes: { "windows.creation_time": "AQ==" },
    device: 6n,
    content: [ID, ID],
    subtree: ID,
    error: "e",
    extra: { newer: [1, null, { deep: 2n ** 60n }] },
  };
  const bytes = encodeTree([full]);
  expect(bytes.toString()).toBe(
    `{"nodes":[{"name":"a\\u003cb","type":"dir","mode":2147484141,"mtime":"${TIME}",` +
      `"atime":"${TIME}","ctime":"${TIME}","uid":1,"gid":2,"user":"u","group":"g",` +
      `"inode":18446744073709551615,"device_id":3,"size":4,"links":5,"linktarget":"b\\ufffd",` +
      `"linktarget_raw":"Yv8=","extended_attributes":[{"name":"user.a","value":"AQ=="},` +
      `{"name":"user.b","value":null}],"generic_attributes":{"windows.creation_time":"AQ=="},` +
      `"device":6,"content":["${ID}","${ID}"],"subtree":"${ID}","error":"e",` +
      `"newer":[1,null,{"deep":1152921504606846976}]}]}\n`,
  );
  expect(decodeTree(bytes)).toEqual([full]);
});

test("what is empty is left out, but for times, owners and content", () => {
  const { content: _, ...node } = file("n", {
    mode: 0,
    user: "",
    inode: 0n,
    linktarget: Buffer.alloc(0),
  });
  const zero = "0001-01-01T00:00:00Z";
  expect(encodeTree([node]).toString()).toBe(
    `{"nodes":[{"name":"n","type":"file","mtime":"${zero}","atime":"${zero}","ctime":"${zero}",` +
      `"uid":0,"gid":0,"content":null}]}\n`,
  );
});

test("an empty tree, in both of Go's ways", () => {
  expect(encodeTree([]).toString()).toBe('{"nodes":[]}\n');
  expect(decodeTree(Buffer.from('{"nodes":[]}\n'))).toEqual([]);
  expect(decodeTree(Buffer.from('{"nodes":null,"newer":1}'))).toEqual([]);
});

test("names go by their bytes, neither by UTF-16 nor by locale", () => {
  const names = ["B", "a", "\ufb01", "\u{1d11e}"];
  expect(
    decodeTree(encodeTree(names.map((name) => file(name)))).map((n) => String(n.name)),
  ).toEqual(names);
  expect(() => encodeTree([file("a"), file("B")])).toThrow('"B" is out of order');
  expect(() => encodeTree([file("a"), file("a")])).toThrow('"a" is there twice');
});

test("an unordered tree is read in order, unless a name is there twice", () => {
  const nodes = ["b", "c", "a"].map((name) => ({ name, type: "file" }));
  expect(decodeTree(tree(...nodes)).map((node) => String(node.name))).toEqual(["a", "b", "c"]);
  expect(() => decodeTree(tree(...nodes, { name: "b", type: "file" }))).toThrow(isDamaged);
});

test.each(["", ".", "..", "/", "a/b", "../x", "a\\x2fb", "a\\x00", "a\\000b", "\\", "\\u002e."])(
  "the name %j is refused",
  (name) => {
    expect(() => decodeTree(tree({ name, type: "file" }))).toThrow(isDamaged);
  },
);

test.each([
  "",
  "[]",
  "{}x",
  '{"nodes":{}}',
  '{"nodes":[null]}',
  '{"nodes":[{"name":"a"}]}',
  '{"nodes":[{"name":"a","type":"door"}]}',
  '{"nodes":[{"name":1,"type":"file"}]}',
  '{"nodes":[{"name":"a","type":"file","mode":4294967296}]}',
  '{"nodes":[{"name":"a","type":"file","uid":-1}]}',
  '{"nodes":[{"name":"a","type":"file","size":1.5}]}',
  '{"nodes":[{"name":"a","type":"file","size":18446744073709551616}]}',
  '{"nodes":[{"name":"a","type":"file","mtime":"yesterday"}]}',
  '{"nodes":[{"name":"a","type":"file","content":["../../etc/passwd"]}]}',
  '{"nodes":[{"name":"a","type":"dir","subtree":"0123"}]}',
])("%s is no tree", (text) => {
  expect(() => decodeTree(Buffer.from(text))).toThrow(isDamaged);
});

test("a field named __proto__ is a field like others", () => {
  const bytes = Buffer.from('{"nodes":[{"name":"a","type":"file","__proto__":{"mode":511}}]}');
  const [node] = decodeTree(bytes);
  expect(node?.mode).toBe(0);
  expect(encodeTree([node!]).toString()).toContain('"__proto__":{"mode":511}');
});

test("any names and numbers survive", () => {
  const bytes = fc
    .oneof(
      fc.uint8Array({ minLength: 1 }).map((raw) => Buffer.from(raw)),
      fc.string({ unit: "binary", minLength: 1 }).map((text) => Buffer.from(text)),
    )
    .map((raw) => Buffer.from(raw.map((byte) => (byte === 0 || byte === 0x2f ? 0x5f : byte))))
    .filter((name) => !/^\.{1,2}$/.test(String(name)));
  const uint64 = fc.bigInt(1n, 2n ** 64n - 1n);
  const node = fc
    .record({ name: bytes, linktarget: bytes, size: uint64, inode: uint64 })
    .map(({ name, ...more }) => file(name, { ...more, mtime: TIME, atime: TIME, ctime: TIME }));
  fc.assert(
    fc.property(fc.uniqueArray(node, { selector: ({ name }) => name.toString("hex") }), (nodes) => {
      nodes.sort((a, b) => Buffer.compare(a.name, b.name));
      expect(decodeTree(encodeTree(nodes))).toEqual(nodes);
    }),
  );
});

test("modes go to Go's bits and back", () => {
  expect(goMode(0o100644)).toEqual({ type: "file", mode: 0o644 });
  expect(goMode(0o041777)).toEqual({ type: "dir", mode: 2 ** 31 + 2 ** 20 + 0o777 });
  expect(goMode(0o106755)).toEqual({ type: "file", mode: 2 ** 23 + 2 ** 22 + 0o755 });
  expect(goMode(0o020666)).toEqual({ type: "chardev", mode: 2 ** 26 + 2 ** 21 + 0o666 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0o7777 }), (bits) => {
      expect(posixMode(goMode(0o040000 | bits).mode)).toBe(bits);
    }),
  );
});

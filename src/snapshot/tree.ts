import { ClawbackError, messageOf } from "../errors.ts";
import { parseJson, type Json } from "./go-json.ts";
import { list, record } from "./node-fields.ts";
import { decodeNode, encodeNode } from "./node-json.ts";
import type { TreeNode } from "./node.ts";

/**
 * A tree blob, byte for byte as restic writes it: `{"nodes":[…]}` and a newline.
 * @param nodes strictly ascending by the raw bytes of their names
 * @throws ClawbackError E_FAILED when they are not, or when a name cannot be a file's
 */
export function encodeTree(nodes: readonly TreeNode[]): Buffer {
  const encoded: string[] = [];
  let last: Buffer | undefined;
  for (const node of nodes) {
    const fault = nameFault(node.name) ?? orderFault(last, node.name);
    if (fault !== undefined) throw new ClawbackError("E_FAILED", `cannot store a tree: ${fault}`);
    encoded.push(encodeNode(node));
    last = node.name;
  }
  return Buffer.from(`{"nodes":[${encoded.join(",")}]}\n`, "utf8");
}

/**
 * The nodes of a tree blob, ascending by name. Unknown fields are kept; numbers are exact.
 * @throws ClawbackError E_DAMAGED on anything that is no tree, and on names that would lead a
 * restore astray
 */
export function decodeTree(bytes: Buffer): TreeNode[] {
  const nodes = parseNodes(bytes).map(decodeNode);
  let ordered = true;
  for (const [index, { name }] of nodes.entries()) {
    const fault = nameFault(name);
    if (fault !== undefined) throw damaged(fault);
    ordered &&= orderFault(nodes[index - 1]?.name, name) === undefined;
  }
  if (ordered) return nodes;
  nodes.sort((a, b) => Buffer.compare(a.name, b.name));
  for (const [index, { name }] of nodes.entries()) {
    const fault = orderFault(nodes[index - 1]?.name, name);
    if (fault !== undefined) throw damaged(fault);
  }
  return nodes;
}

function parseNodes(bytes: Buffer): Json[] {
  let tree: Json;
  try {
    tree = parseJson(bytes);
  } catch (cause) {
    throw damaged(messageOf(cause), cause);
  }
  // Go writes a list that was never made as null.
  return list(record(tree, "tree"), "nodes") ?? [];
}

function nameFault(name: Buffer): string | undefined {
  if (name.length === 0) return "a name is empty";
  const dots = name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e));
  if (dots || name.includes(0x2f) || name.includes(0)) {
    return `${shown(name)} is no name of a file`;
  }
  return undefined;
}

function orderFault(last: Buffer | undefined, name: Buffer): string | undefined {
  const order = last === undefined ? -1 : Buffer.compare(last, name);
  if (order < 0) return undefined;
  return order === 0 ? `${shown(name)} is there twice` : `${shown(name)} is out of order`;
}

function shown(name: Buffer): string {
  return JSON.stringify(name.toString("utf8"));
}

function damaged(detail: string, cause?: unknown): ClawbackError {
  return new ClawbackError("E_DAMAGED", `a tree is damaged: ${detail}`, { cause });
}

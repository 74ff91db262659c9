import { isUtf8 } from "node:buffer";
import { jsonBytes, jsonString, jsonValue, type Json } from "./go-json.ts";
import { quoteName, unquoteName } from "./go-quote.ts";
import { ZERO_TIME } from "./go-time.ts";
import * as read from "./node-fields.ts";
import type { ExtendedAttribute, NodeType, TreeNode } from "./node.ts";

/** A name that needs neither Go's nor JSON's escaping: most do not. */
const PLAIN_NAME = /^[ !#-%'-;=?-[\]-~]*$/;

/** One node as restic writes it: Go's order of fields, and Go's idea of what to leave out. */
export function encodeNode(node: TreeNode): string {
  let json = `{"name":${encodeName(node.name)},"type":"${node.type}"`;
  if (node.mode !== 0) json += `,"mode":${node.mode}`;
  json += `,"mtime":"${node.mtime ?? ZERO_TIME}","atime":"${node.atime ?? ZERO_TIME}"`;
  json += `,"ctime":"${node.ctime ?? ZERO_TIME}","uid":${node.uid},"gid":${node.gid}`;
  if (node.user) json += `,"user":${jsonString(node.user)}`;
  if (node.group) json += `,"group":${jsonString(node.group)}`;
  if (node.inode) json += `,"inode":${node.inode}`;
  if (node.deviceId) json += `,"device_id":${node.deviceId}`;
  if (node.size) json += `,"size":${node.size}`;
  if (node.links) json += `,"links":${node.links}`;
  if (node.linktarget?.length) json += encodeLinktarget(node.linktarget);
  if (node.extendedAttributes?.length) {
    json += `,"extended_attributes":[${node.extendedAttributes.map(encodeAttribute).join(",")}]`;
  }
  if (node.genericAttributes) json += `,"generic_attributes":${jsonValue(node.genericAttributes)}`;
  if (node.device) json += `,"device":${node.device}`;
  json += `,"content":${encodeContent(node.content)}`;
  if (node.subtree !== undefined) json += `,"subtree":"${node.subtree}"`;
  if (node.error) json += `,"error":${jsonString(node.error)}`;
  return `${json}${encodeExtra(node.extra)}}`;
}

/** The fields of a newer program, each with the comma before it. */
export function encodeExtra(extra: TreeNode["extra"]): string {
  const fields = Object.entries(extra ?? {});
  return fields.map(([key, value]) => `,${jsonString(key)}:${jsonValue(value)}`).join("");
}

/** @throws ClawbackError E_DAMAGED */
export function decodeNode(value: Json): TreeNode {
  const fields = read.record(value, "node");
  const node: TreeNode = {
    name: unquoteName(read.text(fields, "name") ?? ""),
    type: read.oneOf(fields, "type", NODE_TYPES),
    mode: read.uint32(fields, "mode") ?? 0,
    uid: read.uint32(fields, "uid") ?? 0,
    gid: read.uint32(fields, "gid") ?? 0,
  };
  read.assign(node, "mtime", read.time(fields, "mtime"));
  read.assign(node, "atime", read.time(fields, "atime"));
  read.assign(node, "ctime", read.time(fields, "ctime"));
  read.assign(node, "user", read.text(fields, "user"));
  read.assign(node, "group", read.text(fields, "group"));
  read.assign(node, "inode", read.uint64(fields, "inode"));
  read.assign(node, "deviceId", read.uint64(fields, "device_id"));
  read.assign(node, "size", read.uint64(fields, "size"));
  read.assign(node, "links", read.uint64(fields, "links"));
  read.assign(node, "linktarget", decodeLinktarget(fields));
  read.assign(node, "extendedAttributes", decodeAttributes(fields));
  read.assign(node, "genericAttributes", read.map(fields, "generic_attributes"));
  read.assign(node, "device", read.uint64(fields, "device"));
  read.assign(node, "content", read.ids(fields, "content"));
  read.assign(node, "subtree", read.id(fields, "subtree"));
  read.assign(node, "error", read.text(fields, "error"));
  read.assign(node, "extra", read.unknownFields(fields, KNOWN_FIELDS));
  return node;
}

const KNOWN_FIELDS = new Set(
  (
    "name type mode mtime atime ctime uid gid user group inode device_id size links linktarget " +
    "linktarget_raw extended_attributes generic_attributes device content subtree error"
  ).split(" "),
);

const NODE_TYPES: readonly NodeType[] = [
  "file",
  "dir",
  "symlink",
  "dev",
  "chardev",
  "fifo",
  "socket",
  "irregular",
];

function encodeName(name: Buffer): string {
  const text = name.toString("latin1");
  return PLAIN_NAME.test(text) ? `"${text}"` : jsonString(quoteName(name));
}

function encodeContent(content: readonly string[] | undefined): string {
  if (content === undefined) return "null";
  return content.length === 0 ? "[]" : `["${content.join('","')}"]`;
}

/** A target that is not UTF-8 stands a second time, in base64, as restic does since 0.16. */
function encodeLinktarget(target: Buffer): string {
  const json = `,"linktarget":${jsonBytes(target)}`;
  return isUtf8(target) ? json : `${json},"linktarget_raw":"${target.toString("base64")}"`;
}

function decodeLinktarget(fields: read.Fields): Buffer | undefined {
  const base64 = read.text(fields, "linktarget_raw");
  if (base64 !== undefined) return Buffer.from(base64, "base64");
  const target = read.text(fields, "linktarget");
  return target === undefined ? undefined : Buffer.from(target, "utf8");
}

function encodeAttribute({ name, value }: ExtendedAttribute): string {
  return `{"name":${jsonString(name)},"value":${value === null ? "null" : `"${value}"`}}`;
}

function decodeAttributes(fields: read.Fields): ExtendedAttribute[] | undefined {
  return read.list(fields, "extended_attributes")?.map((item) => {
    const attribute = read.record(item, "extended_attributes");
    return {
      name: read.text(attribute, "name") ?? "",
      value: read.text(attribute, "value") ?? null,
    };
  });
}

import { ClawbackError, messageOf } from "../errors.ts";
import { jsonString, jsonValue, parseJson, type Json } from "./go-json.ts";
import * as read from "./node-fields.ts";
import { encodeExtra } from "./node-json.ts";

/** A snapshot as it lies in the repository; its id is the hash of the stored file. */
export interface SnapshotFile {
  /** RFC 3339 with nanoseconds, as stored. */
  time: string;
  parent?: string;
  /** Id of the root tree blob. */
  tree: string;
  /** Absolute paths; with `hostname` they make the group that parents and retention go by. */
  paths: string[];
  /** Empty and missing are the same, and so is zero for the numbers. */
  hostname: string;
  username: string;
  uid: number;
  gid: number;
  excludes?: string[];
  tags?: string[];
  /** The first id of a snapshot whose tags were changed. */
  original?: string;
  programVersion?: string;
  summary?: { [name: string]: Json };
  /** Fields of a newer restic, kept when the snapshot is written again. */
  extra?: { [name: string]: Json };
}

/** The JSON of a snapshot, as restic orders it; neither compressed nor sealed. */
export function encodeSnapshot(snapshot: SnapshotFile): Buffer {
  let json = `{"time":${jsonString(snapshot.time)}`;
  if (snapshot.parent !== undefined) json += `,"parent":"${snapshot.parent}"`;
  json += `,"tree":"${snapshot.tree}","paths":${jsonValue(snapshot.paths)}`;
  if (snapshot.hostname) json += `,"hostname":${jsonString(snapshot.hostname)}`;
  if (snapshot.username) json += `,"username":${jsonString(snapshot.username)}`;
  if (snapshot.uid) json += `,"uid":${snapshot.uid}`;
  if (snapshot.gid) json += `,"gid":${snapshot.gid}`;
  if (snapshot.excludes?.length) json += `,"excludes":${jsonValue(snapshot.excludes)}`;
  if (snapshot.tags?.length) json += `,"tags":${jsonValue(snapshot.tags)}`;
  if (snapshot.original !== undefined) json += `,"original":"${snapshot.original}"`;
  if (snapshot.programVersion) {
    json += `,"program_version":${jsonString(snapshot.programVersion)}`;
  }
  if (snapshot.summary !== undefined) json += `,"summary":${jsonValue(snapshot.summary)}`;
  return Buffer.from(`${json}${encodeExtra(snapshot.extra)}}`, "utf8");
}

/** @throws ClawbackError E_DAMAGED when this is no snapshot */
export function decodeSnapshot(bytes: Buffer): SnapshotFile {
  const fields = parse(bytes);
  const snapshot: SnapshotFile = {
    time: required(read.time(fields, "time"), "time"),
    tree: required(read.id(fields, "tree"), "tree"),
    paths: read.texts(fields, "paths") ?? [],
    hostname: read.text(fields, "hostname") ?? "",
    username: read.text(fields, "username") ?? "",
    uid: read.uint32(fields, "uid") ?? 0,
    gid: read.uint32(fields, "gid") ?? 0,
  };
  read.assign(snapshot, "parent", read.id(fields, "parent"));
  read.assign(snapshot, "excludes", read.texts(fields, "excludes"));
  read.assign(snapshot, "tags", read.texts(fields, "tags"));
  read.assign(snapshot, "original", read.id(fields, "original"));
  read.assign(snapshot, "programVersion", read.text(fields, "program_version"));
  read.assign(snapshot, "summary", read.map(fields, "summary"));
  read.assign(snapshot, "extra", read.unknownFields(fields, KNOWN_FIELDS));
  return snapshot;
}

const KNOWN_FIELDS = new Set(
  (
    "time parent tree paths hostname username uid gid excludes tags original program_version " +
    "summary"
  ).split(" "),
);

function parse(bytes: Buffer): read.Fields {
  try {
    return read.record(parseJson(bytes), "snapshot");
  } catch (cause) {
    throw new ClawbackError("E_DAMAGED", `a snapshot is damaged: ${messageOf(cause)}`, { cause });
  }
}

function required(value: string | undefined, field: string): string {
  if (value === undefined) throw new ClawbackError("E_DAMAGED", `a snapshot has no ${field}`);
  return value;
}

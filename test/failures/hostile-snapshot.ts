import { dirname } from "node:path";
import { Repository } from "../../src/repository/repository.ts";
import type { Manifest } from "../../src/operations/manifest.ts";
import { readFileBytes } from "../../src/snapshot/read-file.ts";
import { listSnapshots, saveSnapshot } from "../../src/snapshot/snapshots.ts";
import { findEntry } from "../../src/snapshot/tree-walker.ts";
import { LocalStorage } from "../../src/storage/local.ts";
import { PASSWORD } from "../e2e/household.ts";
import { storeBlobs } from "../support/archives.ts";

/** A node as it is stored: whatever somebody writes. */
export type RawNode = Record<string, unknown> & { name: string };
type RawTree = { nodes: RawNode[] };

const MANIFEST = "/.clawback/manifest.json";
const META = { mode: 0o600, uid: 0, gid: 0, mtime: "2026-09-01T00:00:00Z" };
export const DIRECTORY = { ...META, type: "dir", mode: 2 ** 31 + 0o700 };

/** An honest snapshot in the hands of somebody who has the repository and its password. */
export class HostileSnapshot {
  readonly #repository: Repository;
  #tree: string;
  /** Of the honest one. */
  readonly manifest: Manifest;

  private constructor(repository: Repository, tree: string, manifest: Manifest) {
    this.#repository = repository;
    this.#tree = tree;
    this.manifest = manifest;
  }

  static async of(location: string): Promise<HostileSnapshot> {
    const repository = await Repository.open(new LocalStorage(location), [PASSWORD]);
    await repository.loadIndex();
    const tree = (await listSnapshots(repository)).at(0)?.tree ?? "";
    const entry = await findEntry(repository, tree, Buffer.from(MANIFEST));
    const parts: Uint8Array[] = [];
    if (entry !== undefined) {
      for await (const part of readFileBytes(repository, entry.node)) parts.push(part);
    }
    const manifest = JSON.parse(Buffer.concat(parts).toString()) as Manifest;
    return new HostileSnapshot(repository, tree, manifest);
  }

  file(name: string, content: string | Uint8Array, more: object = {}): Promise<RawNode> {
    return this.#file(name, Buffer.from(content), more);
  }

  link(name: string, linktarget: string): RawNode {
    return { ...META, name, type: "symlink", mode: 2 ** 27 + 0o777, linktarget };
  }

  async directory(name: string, ...nodes: RawNode[]): Promise<RawNode> {
    return { ...DIRECTORY, name, subtree: await this.#store({ nodes }) };
  }

  /** Puts entries into a directory, instead of those of the same name; a directory that is not there is made. */
  async put(directory: string, ...nodes: RawNode[]): Promise<this> {
    const parts = directory.split("/").filter(Boolean);
    this.#tree = await this.#with(this.#tree, parts, nodes);
    return this;
  }

  /** Says something else about it. */
  async claim(change: (manifest: Manifest) => void): Promise<this> {
    const manifest = structuredClone(this.manifest);
    change(manifest);
    const file = await this.file("manifest.json", JSON.stringify(manifest));
    return this.put(dirname(MANIFEST), file);
  }

  /** @returns the snapshot's id */
  save(stateDir = this.manifest.instance.stateDir): Promise<string> {
    return saveSnapshot(this.#repository, {
      time: new Date().toISOString(),
      tree: this.#tree,
      paths: [stateDir],
      hostname: this.manifest.instance.hostname,
      username: "mallory",
      uid: 0,
      gid: 0,
    });
  }

  async #with(tree: string | undefined, parts: string[], added: RawNode[]): Promise<string> {
    const { nodes } = tree === undefined ? { nodes: [] } : await this.#load(tree);
    const [name, ...rest] = parts;
    if (name === undefined) {
      const names = new Set(added.map((node) => node.name));
      return this.#store({ nodes: [...nodes.filter((node) => !names.has(node.name)), ...added] });
    }
    const old = nodes.find((node) => node.name === name);
    const subtree = await this.#with(old?.["subtree"] as string | undefined, rest, added);
    const others = nodes.filter((node) => node !== old);
    return this.#store({ nodes: [...others, { ...DIRECTORY, ...old, name, subtree }] });
  }

  async #load(tree: string): Promise<RawTree> {
    const bytes = await this.#repository.loadBlob("tree", tree);
    return JSON.parse(Buffer.from(bytes).toString()) as RawTree;
  }

  async #store({ nodes }: RawTree): Promise<string> {
    const sorted = nodes.toSorted((a, b) =>
      Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)),
    );
    const bytes = Buffer.from(`${JSON.stringify({ nodes: sorted })}\n`);
    const [id = ""] = await storeBlobs(this.#repository, "tree", bytes);
    await this.#repository.loadIndex();
    return id;
  }

  async #file(name: string, content: Buffer, more: object): Promise<RawNode> {
    const [id] = await storeBlobs(this.#repository, "data", content);
    return { ...META, name, type: "file", size: content.length, content: [id], ...more };
  }
}

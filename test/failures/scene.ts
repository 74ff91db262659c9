import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import type { BackupDocument, RestoreDocument } from "../../src/operations/documents.ts";
import type { Manifest } from "../../src/operations/manifest.ts";
import { Household, PASSWORD, type RunOptions } from "../e2e/household.ts";
import { makeLayoutA, makeLayoutC, type MadeInstance } from "../fixtures/instances.ts";
import { Restic } from "../interop/restic.ts";
import { resticVersions } from "../peers/peers.ts";

type Make = (stateDir: string) => Promise<MadeInstance>;

/** What a test of a failure has: a machine with an instance on it and an empty repository. */
export class Scene {
  readonly house: Household;
  readonly made: MadeInstance;

  private constructor(house: Household, made: MadeInstance) {
    this.house = house;
    this.made = made;
  }

  /** @param repository is copied: making one takes longer */
  static async create(make: Make, repository: string): Promise<Scene> {
    const house = await Household.create();
    house.env["CLAWBACK_PASSWORD"] = PASSWORD;
    await cp(repository, house.repository, { recursive: true });
    return new Scene(house, await make(house.stateDir));
  }

  /** A backup that ends so, and is complete exactly when it ends with 0. */
  async backup(code: 0 | 3 = 0, options?: RunOptions): Promise<BackupDocument> {
    const taken = await this.house.json<BackupDocument>("backup", code, options);
    expect(taken.snapshot).toMatchObject({ complete: code === 0 });
    expect(taken.errors.length === 0, JSON.stringify(taken.errors)).toBe(code === 0);
    return taken;
  }

  /** What the latest snapshot says about itself. */
  async manifest(): Promise<Manifest> {
    const { stdout } = await this.house.run("cat latest /.clawback/manifest.json");
    return JSON.parse(stdout) as Manifest;
  }

  /** Restores the latest snapshot. */
  async restore(...words: string[]): Promise<Restored> {
    const target = this.house.newTarget();
    const done = await this.house.json<RestoreDocument>(["restore", ...words, "--target", target]);
    expect(done).toMatchObject({ verified: true, damaged: false, errors: [] });
    return new Restored(target, this.house.stateDir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.house[Symbol.asyncDispose]();
  }
}

/** A restored snapshot: every absolute path laid out below a directory. */
export class Restored {
  readonly target: string;
  /** The restored state directory. */
  readonly stateDir: string;

  constructor(target: string, stateDir: string) {
    this.target = target;
    this.stateDir = join(target, stateDir);
  }

  /** Where something of the state directory came back. */
  state(...parts: string[]): string {
    return join(this.stateDir, ...parts);
  }

  /** Where an absolute path came back. */
  at(path: string): string {
    return join(this.target, path);
  }

  read(path: string): Promise<string> {
    return readFile(this.state(path), "utf8");
  }
}

/**
 * A scene of its own for each test of a file. At the end of each, restic itself reads all of the
 * repository and finds nothing wrong.
 */
export function scenes(make: Make = makeLayoutC): () => Scene {
  let template: Household;
  let scene: Scene | undefined;
  beforeAll(async () => {
    template = await Household.withRepository(makeLayoutA);
  });
  afterAll(() => template[Symbol.asyncDispose]());
  beforeEach(async () => {
    scene = await Scene.create(make, template.repository);
  });
  afterEach(async () => {
    if (scene === undefined) return;
    await using last = scene;
    scene = undefined;
    judge(last.house);
  });
  return () => {
    if (scene === undefined) throw new Error("outside of a test");
    return scene;
  };
}

/** A stock restic that opens the household's repository; undefined where there is none. */
export function resticOn(
  house: Household,
  repository = house.repository,
): ((...words: string[]) => string) | undefined {
  const program = resticVersions.find(({ program }) => program !== undefined)?.program;
  if (program === undefined && process.env["CI"] === "true") {
    throw new Error("no restic to judge with: see test/peers/install.sh");
  }
  if (program === undefined) return undefined;
  const restic = new Restic(program, house.root);
  const env = { RESTIC_PASSWORD: PASSWORD, RESTIC_REPOSITORY: repository };
  return (...words) => restic.runWith(env, ...words).toString("utf8");
}

/** Fails unless restic reads every byte of the repository and finds nothing wrong. */
export function judge(house: Household, repository?: string): void {
  const said = resticOn(house, repository)?.("check", "--read-data");
  if (said !== undefined) expect(said).toContain("no errors were found");
}

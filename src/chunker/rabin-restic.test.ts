import { execFileSync, spawnSync } from "node:child_process";
import { createCipheriv, createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parsePolynomial } from "./polynomial.ts";
import { RabinChunker } from "./rabin.ts";

const hasRestic = spawnSync("restic", ["version"]).status === 0;
const LENGTH = 36 << 20;
const REFILL = 3 << 20;

test.skipIf(!hasRestic)("restic on PATH cuts a file into the same blobs", () => {
  const directory = mkdtempSync(join(tmpdir(), "clawback-rabin-"));
  try {
    // Noise, with zeros in its midst: cuts at random places, at the least and the greatest length.
    const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, 5), Buffer.alloc(16));
    const data = cipher.update(Buffer.alloc(LENGTH)).fill(0, 10 << 20, 12 << 20);
    data.fill("a line that is repeated\n", 20 << 20, 33 << 20);
    writeFileSync(join(directory, "data"), data);
    const env = {
      ...process.env,
      RESTIC_REPOSITORY: join(directory, "repository"),
      RESTIC_PASSWORD: "test",
      RESTIC_CACHE_DIR: join(directory, "cache"),
    };
    const restic = (...args: string[]): string =>
      execFileSync("restic", args, { cwd: directory, env, encoding: "utf8", stdio: "pipe" });
    restic("init");
    restic("backup", "data");
    const { chunker_polynomial: text } = JSON.parse(restic("cat", "config"));
    const { id } = JSON.parse(restic("snapshots", "--json"))[0];
    const { tree } = JSON.parse(restic("cat", "snapshot", id));
    const [node] = JSON.parse(restic("cat", "blob", tree)).nodes;

    const chunker = new RabinChunker({ polynomial: parsePolynomial(text) });
    const blobs: string[] = [];
    let end = 0;
    for (let at = 0; at < data.length;) {
      const length = chunker.next(data, at, end, end === data.length);
      if (length === -1) {
        end = Math.min(data.length, end + REFILL);
      } else {
        const chunk = data.subarray(at, at + length);
        blobs.push(createHash("sha256").update(chunk).digest("hex"));
        at += length;
      }
    }
    expect(blobs).toEqual(node.content);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

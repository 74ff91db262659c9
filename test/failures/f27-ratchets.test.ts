import { cp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { SessionsDocument } from "../../src/operations/sessions/document.ts";
import { makeLayoutC } from "../fixtures/instances.ts";
import { WHATSAPP_ACCOUNT } from "../portability/instance.ts";
import { type Scene, scenes } from "./scene.ts";

/** An instance whose WhatsApp account is a real one, as the channel's own library made it. */
const scene = scenes(async (stateDir) => {
  const made = await makeLayoutC(stateDir);
  const accounts = join(stateDir, "credentials/whatsapp");
  await rm(accounts, { recursive: true, force: true });
  await cp(WHATSAPP_ACCOUNT, join(accounts, "default"), { recursive: true });
  return made;
});

/** A message came: the ratchet has turned. */
async function messageArrives({ house }: Scene): Promise<void> {
  const file = house.state("credentials/whatsapp/default/session-351920000000.0.json");
  await writeFile(file, JSON.stringify({ type: "Buffer", data: "bmV3ZXI=" }), { mode: 0o600 });
  const later = new Date(Date.now() + 60_000);
  await utimes(file, later, later);
}

async function whatsapp({ house }: Scene, ...snapshot: string[]) {
  const document = await house.json<SessionsDocument>(["sessions", ...snapshot]);
  const found = document.channels.filter(({ channel }) => channel === "whatsapp");
  expect(found).toHaveLength(1);
  return { document, verdict: found[0] ?? expect.fail("no verdict for WhatsApp") };
}

describe("F27: a WhatsApp session that is older than what the other side has", () => {
  test("F27: is told from one that may be put back, as long as the live one is there", async () => {
    const { snapshot } = await scene().backup();
    expect((await whatsapp(scene())).verdict).toMatchObject({
      verdict: "survives if",
      ratchets: true,
    });
    expect((await whatsapp(scene(), "latest")).verdict.verdict).toBe("survives if");
    await messageArrives(scene());
    const { document, verdict } = await whatsapp(scene(), "latest");
    expect(document.snapshot).toMatchObject({ id: snapshot?.id });
    expect(verdict.verdict).toBe("must be paired again");
    expect(verdict.evidence[0]).toMatch(/newer state of this session is in the live instance/);

    // With a live one that is damaged, the snapshot's is the best there is.
    await writeFile(scene().house.state("credentials/whatsapp/default/creds.json"), "{");
    expect((await whatsapp(scene())).verdict.verdict).toBe("must be paired again");
    expect((await whatsapp(scene(), "latest")).verdict.verdict).toBe("survives if");
  });

  test("F27: is told from a later snapshot's when the live one is lost", async () => {
    const first = await scene().backup();
    await messageArrives(scene());
    const second = await scene().backup();
    await rm(scene().house.stateDir, { recursive: true });
    const { verdict } = await whatsapp(scene(), first.snapshot?.id ?? "");
    expect(verdict.verdict).toBe("must be paired again");
    expect(verdict.evidence[0]).toContain(`in snapshot ${second.snapshot?.shortId}`);
    expect((await whatsapp(scene(), "latest")).verdict.verdict).toBe("survives if");
  });

  test("F27: what to do, and that linking again may be refused for days, is printed", async () => {
    const { house } = scene();
    await rm(house.state("credentials/whatsapp/default/creds.json"));
    const { stdout, code } = await house.run("sessions");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}whatsapp +default +must be paired again/m);
    expect(stdout).toMatch(/refuses for 24 to 72 hours/);
    expect(stdout).toMatch(/✗ whatsapp: Link it again: openclaw channels login/);
  });
});

describe("F25: two copies alive with one session", () => {
  test("F25: it says that the other side may never run again, and no word of a key", async () => {
    const { house } = scene();
    const { conditions } = (await whatsapp(scene())).verdict;
    expect(conditions.join("\n")).toMatch(/other side never runs again/);
    const creds = await readFile(house.state("credentials/whatsapp/default/creds.json"), "utf8");
    const keys = [...creds.matchAll(/"data":"([^"]{20,})"/g)].map(([, key = ""]) => key);
    expect(keys.length).toBeGreaterThan(5);
    const said = await house.run("sessions --json");
    for (const key of keys) expect(said.stdout + said.stderr).not.toContain(key);
  });
});

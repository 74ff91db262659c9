import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SessionsDocument } from "../../src/operations/sessions/document.ts";
import { LabClawback } from "../lab/clawback.ts";
import { fingerprint } from "../lab/fingerprint.ts";
import { OpenClawLab } from "../lab/openclaw-lab.ts";
import { openclaw } from "../peers/peers.ts";
import { WHATSAPP_ACCOUNT } from "../portability/instance.ts";

const TIMEOUT_MS = 300_000;
const TOKEN = `123456789:${"Aa0_-".repeat(7)}`;
/** In OpenClaw's own store: rows of a database that its gateway is writing to. */
const SECRET = { source: "store", provider: "default", id: "TG_BOT_TOKEN" };
/** In CI a missing OpenClaw is a failure (of `OpenClawLab.create`), elsewhere these are skipped. */
const skipped = openclaw.program === undefined && process.env["CI"] !== "true";

describe.skipIf(skipped)(
  "the sessions of a real OpenClaw (skipped where it is not installed)",
  { timeout: TIMEOUT_MS },
  () => {
    let lab: OpenClawLab;
    let clawback: LabClawback;

    beforeAll(async () => {
      lab = await OpenClawLab.create();
      const file = join(lab.root, "tmp/token");
      await writeFile(file, TOKEN, { mode: 0o600 });
      await lab.run(["secrets", "store", "set", "TG_BOT_TOKEN", "--value-file", file]);
      const path = join(lab.stateDir, "openclaw.json");
      const config = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
      config["channels"] = { telegram: { enabled: false, botToken: SECRET } };
      await writeFile(path, JSON.stringify(config));
      const account = join(lab.stateDir, "credentials/whatsapp/default");
      await cp(WHATSAPP_ACCOUNT, account, { recursive: true });
      await lab.start();
      clawback = await LabClawback.create(lab);
    }, TIMEOUT_MS);

    afterAll(async () => {
      await clawback?.[Symbol.asyncDispose]();
      await lab?.[Symbol.asyncDispose]();
    }, TIMEOUT_MS);

    const judged = async (...words: string[]) => {
      const run = await clawback.run(["sessions", ...words]);
      const { channels } = run as unknown as SessionsDocument;
      return Object.fromEntries(channels.map((each) => [each.channel, each]));
    };

    test("are judged while its gateway runs, and nothing of them is touched", async () => {
      const credentials = join(lab.stateDir, "credentials");
      const before = await fingerprint(credentials);
      const { telegram, whatsapp } = await judged();
      expect(telegram).toMatchObject({ verdict: "survives" });
      const right = "The bot token is there (OpenClaw's secret store) and has the right form.";
      expect(telegram?.evidence).toEqual(expect.arrayContaining([right, "It is switched off."]));
      expect(whatsapp).toMatchObject({ verdict: "survives if" });
      expect(whatsapp?.evidence[0]).toMatch(/gateway is running here \(pid \d+\)/);
      expect(await fingerprint(credentials)).toEqual(before);
    });

    test("are judged in its snapshot as they were live", async () => {
      await clawback.run(["backup"]);
      const { telegram, whatsapp } = await judged("latest");
      expect(telegram).toMatchObject({ verdict: "survives" });
      expect(whatsapp).toMatchObject({ verdict: "survives if" });
    });
  },
);

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { matrixPlugin, peerTest, whatsappPlugin } from "../peers/peers.ts";
import { ChannelsHome, MATRIX_STORE } from "./instance.ts";
import { type Dump, dumpOf, MATRIX, matrixLibraries, openMachine, putBack } from "./make-matrix.ts";
import { makeWhatsAppAccount } from "./make-whatsapp.ts";

const ACCOUNTS = 8;

peerTest(
  "what Baileys itself writes of a linked phone is whole",
  whatsappPlugin,
  async (plugin) => {
    await using home = await ChannelsHome.create();
    await home.configure({ whatsapp: {} });
    // Half of all keys have the other sign: a few accounts have both.
    for (let index = 0; index < ACCOUNTS; index++) {
      const account = join(home.stateDir, "credentials/whatsapp/default");
      await makeWhatsAppAccount(plugin, account);
      const verdict = await home.judge("whatsapp");
      expect(verdict.verdict).toBe("survives if");
      expect(verdict.evidence).toContain("The signed pre-key verifies against the identity key.");
      expect(verdict.evidence).toContain(
        "The phone's signature of this device's identity key verifies.",
      );
      const creds = await readFile(join(account, "creds.json"), "utf8");
      const other = JSON.parse(creds) as Record<string, unknown>;
      delete other["signedPreKey"];
      await writeFile(join(account, "creds.json"), JSON.stringify(other));
      expect((await home.judge("whatsapp")).verdict).toBe("must be paired again");
      await home[Symbol.asyncDispose]();
      await home.configure({ whatsapp: {} });
    }
  },
);

peerTest(
  "a Matrix store that is judged whole opens in Matrix's own library",
  matrixPlugin,
  async (plugin) => {
    await using home = await ChannelsHome.create();
    await home.configure({ matrix: { encryption: true, accessToken: "a" } });
    const { crypto, idb } = await matrixLibraries(plugin);
    const kept = JSON.parse(await readFile(MATRIX_STORE, "utf8")) as Dump;
    await home.keepMatrix("a", JSON.stringify(kept));
    expect((await home.judge("matrix")).verdict).toBe("survives if");
    await putBack(idb, kept);
    const device = kept[0]?.stores.find(({ name }) => name === "devices")?.records[0]?.value;
    const key = await openMachine(crypto);
    expect(Buffer.from(String(device), "base64").toString()).toContain(key);

    // And one that the library makes here and now is judged whole.
    await openMachine(crypto, `${MATRIX.prefix}-new`);
    const made = (await dumpOf(idb)).filter(({ name }) => name.includes("-new"));
    expect(made).toHaveLength(1);
    await home.keepMatrix("a", JSON.stringify(made));
    expect((await home.judge("matrix")).evidence[1]).toMatch(/private keys are those/);
  },
);

import { createHmac, randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

interface Pair {
  private: Buffer;
  public: Buffer;
}

interface Creds {
  advSecretKey: string;
  signedIdentityKey: Pair;
  nextPreKeyId: number;
  firstUnuploadedPreKeyId: number;
  myAppStateKeyId?: string;
}

/** What is used of Baileys. */
interface Baileys {
  useMultiFileAuthState(folder: string): Promise<{
    state: { creds: Creds; keys: { set(data: object): Promise<void> } };
    saveCreds(): Promise<void>;
  }>;
  Curve: { generateKeyPair(): Pair; sign(key: Buffer, message: Buffer): Buffer };
  proto: Record<string, { encode(message: object): { finish(): Uint8Array } }>;
  generateOrGetPreKeys(
    creds: Creds,
    range: number,
  ): { newPreKeys: Record<number, Pair>; lastPreKeyId: number };
  configureSuccessfulPairing(stanza: object, creds: Creds): { creds: Partial<Creds> };
}

/**
 * Makes a throw-away WhatsApp account with the library that OpenClaw has for it: its own credential
 * generator, a phone that links the device as a server would say it, pre-keys of which one was
 * used, a session, group keys.
 *
 * @param plugin where `@openclaw/whatsapp` is installed
 * @param folder the account's directory, made if missing
 */
export async function makeWhatsAppAccount(plugin: string, folder: string): Promise<void> {
  const library = join(plugin, "node_modules/baileys/lib/index.js");
  const baileys = (await import(pathToFileURL(library).href)) as Baileys;
  const { state, saveCreds } = await baileys.useMultiFileAuthState(folder);
  const { creds, keys } = state;
  Object.assign(creds, baileys.configureSuccessfulPairing(linking(baileys, creds), creds).creds);
  const { newPreKeys, lastPreKeyId } = baileys.generateOrGetPreKeys(creds, 6);
  const appStateKey = randomBytes(6).toString("base64");
  Object.assign(creds, {
    nextPreKeyId: lastPreKeyId + 1,
    firstUnuploadedPreKeyId: lastPreKeyId + 1,
    myAppStateKeyId: appStateKey,
  });
  await keys.set({ "pre-key": { ...newPreKeys, 2: null } });
  await keys.set({
    session: { "351920000000.0": randomBytes(200) },
    "sender-key": { "120363000000000000@g.us::351920000000::0": randomBytes(120) },
    "app-state-sync-key": { [appStateKey]: { keyData: randomBytes(32), timestamp: 1 } },
    "app-state-sync-version": { regular: { version: 3, hash: randomBytes(128) } },
    "lid-mapping": { 351920000000: "100000000000002" },
  });
  await saveCreds();
}

/** What the server says when a phone has linked the device. */
function linking({ Curve, proto }: Baileys, creds: Creds): object {
  const phone = Curve.generateKeyPair();
  const bytes = (type: string, message: object): Buffer =>
    Buffer.from(proto[type]?.encode(message).finish() ?? []);
  const details = bytes("ADVDeviceIdentity", { rawId: 1, timestamp: 1, keyIndex: 1 });
  const signed = [Buffer.from([6, 0]), details, creds.signedIdentityKey.public];
  const identity = bytes("ADVSignedDeviceIdentity", {
    details,
    accountSignatureKey: phone.public,
    accountSignature: Curve.sign(phone.private, Buffer.concat(signed)),
  });
  const secret = Buffer.from(creds.advSecretKey, "base64");
  const sealed = bytes("ADVSignedDeviceIdentityHMAC", {
    details: identity,
    hmac: createHmac("sha256", secret).update(identity).digest(),
  });
  const tag = (name: string, attrs: object, content?: unknown) => ({ tag: name, attrs, content });
  const ids = { jid: "351910000000:7@s.whatsapp.net", lid: "100000000000001:7@lid" };
  return tag("iq", { id: "1" }, [
    tag("pair-success", {}, [
      tag("device-identity", {}, sealed),
      tag("platform", { name: "android" }),
      tag("device", ids),
    ]),
  ]);
}

// node test/portability/make-whatsapp.ts <plugin> <folder>: how the fixture was made.
if (import.meta.main) {
  const [plugin = "", folder = ""] = process.argv.slice(2);
  await makeWhatsAppAccount(resolve(plugin), resolve(folder));
}

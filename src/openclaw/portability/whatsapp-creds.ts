import { isTree, treeAt } from "../config-tree.ts";
import type { Tree } from "../config-tree.ts";
import { KEY_TYPE, verifiesXEd25519 } from "./curve25519.ts";
import { bytesIn, isPair, keyPairIn } from "./key-pair.ts";
import type { KeyPair } from "./key-pair.ts";

/** What a WhatsApp account's `creds.json` shows. */
export interface CredsFindings {
  /** With one of these WhatsApp takes it for nobody; sentences. */
  broken: string[];
  /** What was proven; sentences. */
  proven: string[];
  nextPreKeyId: number;
  firstUnuploadedPreKeyId: number;
  /** The app-state key that it refers to; base64. */
  appStateKeyId: string | undefined;
}

/** Before what the account's and this device's keys sign (Baileys, Defaults: `WA_ADV_…`). */
const SIGNED_BY_ACCOUNT = [Buffer.from([6, 0]), Buffer.from([6, 5])];
const SIGNED_BY_DEVICE = [Buffer.from([6, 1]), Buffer.from([6, 6])];

/** Baileys draws 14 bits (Utils/generics: `generateRegistrationId`). */
const MAX_REGISTRATION_ID = 16_383;

/** A user of WhatsApp, and which of its devices. */
const OWN_ID = /^\d{5,20}(:\d{1,5})?@(s\.whatsapp\.net|lid|hosted|hosted\.lid)$/;

/** Looks at the key material of a `creds.json`, as Baileys' `initAuthCreds` lays it out. */
export function examineCreds(creds: Tree): CredsFindings {
  const findings: CredsFindings = {
    broken: [],
    proven: [],
    nextPreKeyId: count(creds["nextPreKeyId"]),
    firstUnuploadedPreKeyId: count(creds["firstUnuploadedPreKeyId"]),
    appStateKeyId: text(creds["myAppStateKeyId"]),
  };
  const { broken, proven } = findings;
  const identity = keyPairIn(creds["signedIdentityKey"]);
  for (const [key, name] of [
    ["noiseKey", "noise key"],
    ["signedIdentityKey", "identity key"],
  ] as const) {
    const pair = keyPairIn(creds[key]);
    if (pair === undefined) broken.push(`creds.json has no ${name}.`);
    else if (!isPair(pair)) broken.push(`The ${name}'s public half is not its private half's.`);
  }
  if (identity !== undefined) {
    examineSignedPreKey(creds["signedPreKey"], identity, findings);
    examineAccount(creds["account"], identity, findings);
  }
  const registration = creds["registrationId"];
  if (typeof registration !== "number" || !isRegistrationId(registration)) {
    broken.push("The registration id is missing or out of range.");
  }
  const me = text(treeAt(creds, "me")["id"]);
  if (me === undefined) broken.push("It was never linked to a phone: creds.json names no account.");
  else if (!OWN_ID.test(me)) broken.push("The account that creds.json names has no WhatsApp id.");
  else proven.push("creds.json names the account and the device.");
  if (findings.nextPreKeyId < 1) broken.push("creds.json has no counter of its pre-keys.");
  return findings;
}

function examineSignedPreKey(value: unknown, identity: KeyPair, findings: CredsFindings): void {
  const tree = isTree(value) ? value : {};
  const pair = keyPairIn(tree["keyPair"]);
  const signature = bytesIn(tree["signature"]);
  if (pair === undefined || signature === undefined) {
    findings.broken.push("creds.json has no signed pre-key.");
  } else if (!isPair(pair)) {
    findings.broken.push("The signed pre-key's public half is not its private half's.");
  } else if (verifiesXEd25519(identity.public, Buffer.concat([KEY_TYPE, pair.public]), signature)) {
    findings.proven.push("The signed pre-key verifies against the identity key.");
  } else {
    findings.broken.push("The signed pre-key does not verify against the identity key.");
  }
}

/** What the phone has signed when it linked this device (Baileys: `configureSuccessfulPairing`). */
function examineAccount(value: unknown, identity: KeyPair, findings: CredsFindings): void {
  if (!isTree(value)) return;
  const [details, key, byAccount, byDevice] = [
    "details",
    "accountSignatureKey",
    "accountSignature",
    "deviceSignature",
  ].map((name) => bytesIn(value[name]));
  if (details === undefined || key === undefined || byAccount === undefined) return;
  const isOurs = SIGNED_BY_ACCOUNT.some((prefix) =>
    verifiesXEd25519(key, Buffer.concat([prefix, details, identity.public]), byAccount),
  );
  const isSigned =
    byDevice === undefined ||
    SIGNED_BY_DEVICE.some((prefix) =>
      verifiesXEd25519(
        identity.public,
        Buffer.concat([prefix, details, identity.public, key]),
        byDevice,
      ),
    );
  if (isOurs && isSigned) {
    findings.proven.push("The phone's signature of this device's identity key verifies.");
  } else {
    findings.broken.push("The phone has not signed this identity key: it is another device's.");
  }
}

function isRegistrationId(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_REGISTRATION_ID;
}

function count(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

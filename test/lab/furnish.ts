import { mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { OpenClawLab } from "./openclaw-lab.ts";

export const KEY_FILES = 300;

/** Where the parts of a furnished lab lie. */
export interface Furniture {
  /** The two places that hold everything of the agents: a home, and a volume mounted elsewhere. */
  places: [home: string, volume: string];
  /** Directories and files outside the state directory, each a part of the agents. */
  outside: string[];
  whatsapp: string;
  /** Two, each the target of a link of its name in `skills/` of the state directory. */
  skills: string[];
  /** A plugin that the configuration loads from where it is; it brings the skill `lamp`. */
  plugin: string;
  /** What a cron job runs; it needs a second script on the volume. */
  script: string;
  /** Where that script writes to, and what. */
  greetings: { path: string; line: string };
  /** A draft of a skill for `skills workshop propose-create`. */
  proposal: string;
}

/**
 * Spreads a fresh instance over its machine, as people have it: a workspace in the home, a second
 * agent whose workspace and `agentDir` are on a volume, an `$include` and scripts there, keys in a
 * file that SecretRefs name, skills behind links, a plugin, a WhatsApp account. To be called before
 * the first start. OpenClaw must be allowed to read the include (`OPENCLAW_INCLUDE_ROOTS`); that is
 * done here.
 */
export async function furnish(lab: OpenClawLab, keys: { model: string }): Promise<Furniture> {
  const volume = join(lab.root, "volume");
  const plugin = join(lab.home, "plugins/lighthouse");
  const skills = [join(lab.home, ".agents/skills/heron"), join(lab.home, "projects/tides")];
  const furniture: Furniture = {
    places: [lab.home, volume],
    outside: [
      join(lab.home, "brain"),
      join(lab.home, "automation"),
      join(lab.home, "secrets"),
      ...skills,
      plugin,
      volume,
    ],
    whatsapp: join(lab.stateDir, "credentials/whatsapp/default"),
    skills,
    plugin,
    script: join(lab.home, "automation/greet.sh"),
    greetings: { path: join(lab.root, "tmp/greetings"), line: "good morning" },
    proposal: join(lab.root, "tmp/PROPOSAL.md"),
  };
  const identity = join(volume, "shared/ops-identity.json5");
  const secrets = join(lab.home, "secrets/keys.json");
  lab.env["OPENCLAW_INCLUDE_ROOTS"] = dirname(identity);
  await put(identity, `// Two machines share this.\n{ name: "Night watch", emoji: "🦉" }\n`);
  await put(secrets, JSON.stringify({ model: keys.model, gateway: "lab-token" }), 0o600);
  await rename(join(lab.stateDir, "workspace"), join(lab.home, "brain"));
  await editConfig(lab, { volume, identity, secrets, plugin });
  await writeScripts(volume, furniture);
  for (const skill of skills) await linkSkill(lab, skill);
  await writePlugin(plugin);
  await writeWhatsApp(furniture.whatsapp);
  await put(furniture.proposal, "# Night rounds\n\nWalk the corridors, note what is open.\n");
  return furniture;
}

/** Lets OpenClaw itself put something into the external `agentDir`: a skill that an agent learns. */
export async function teachSkill(lab: OpenClawLab, { proposal }: Furniture): Promise<void> {
  const workshop = (...args: string[]): Promise<string> =>
    lab.run(["skills", "workshop", ...args, "--agent", "ops", "--json"]);
  const what = ["--name", "night-rounds", "--description", "Walk the corridors"];
  const made = await workshop("propose-create", ...what, "--proposal", proposal);
  await workshop("apply", (JSON.parse(made) as { record: { id: string } }).record.id);
}

interface Config {
  agents: { ownership?: string; defaults: object; entries: Record<string, object> };
  models: { providers: { fakeprov: Record<string, unknown> } };
  gateway: { auth: Record<string, unknown> };
  plugins: { entries: Record<string, object>; load?: object };
  secrets?: object;
}

/** By hand, as people do it. */
async function editConfig(
  lab: OpenClawLab,
  places: Record<"volume" | "identity" | "secrets" | "plugin", string>,
): Promise<void> {
  const { volume, identity, secrets, plugin } = places;
  const path = join(lab.stateDir, "openclaw.json");
  const config = JSON.parse(await readFile(path, "utf8")) as Config;
  config.agents.ownership = "explicit";
  Object.assign(config.agents.defaults, { systemAgent: { agentId: "clawd" } });
  Object.assign(config.agents.entries["clawd"] ?? {}, { workspace: join(lab.home, "brain") });
  config.agents.entries["ops"] = {
    workspace: join(volume, "ops-workspace"),
    agentDir: join(volume, "ops-agent"),
    identity: { $include: identity },
  };
  config.secrets = { providers: { keys: { source: "file", path: secrets, mode: "json" } } };
  config.plugins.load = { paths: [plugin] };
  config.plugins.entries["lighthouse"] = { enabled: true };
  config.models.providers.fakeprov["apiKey"] = { source: "file", provider: "keys", id: "/model" };
  config.gateway.auth["token"] = { source: "file", provider: "keys", id: "/gateway" };
  await put(path, JSON.stringify(config, null, 2), 0o600);
}

async function writeScripts(volume: string, { script, greetings }: Furniture): Promise<void> {
  const words = join(volume, "lib/words.sh");
  await put(words, `#!/bin/sh\necho "${greetings.line}"\n`, 0o755);
  await put(script, `#!/bin/sh\nset -e\n${words} >> ${greetings.path}\n`, 0o755);
}

async function writeSkill(directory: string): Promise<void> {
  const name = basename(directory);
  const head = `---\nname: ${name}\ndescription: Knows about the ${name}\n---\n`;
  await put(join(directory, "SKILL.md"), `${head}\nLook out of the window.\n`);
  await put(join(directory, "notes/seen.md"), `${name}: seen once\n`);
}

async function linkSkill(lab: OpenClawLab, directory: string): Promise<void> {
  const name = basename(directory);
  await writeSkill(directory);
  await mkdir(join(lab.stateDir, "skills"), { recursive: true });
  await symlink(directory, join(lab.stateDir, "skills", name));
}

async function writePlugin(directory: string): Promise<void> {
  const configSchema = { type: "object", additionalProperties: false, properties: {} };
  const manifest = { id: "lighthouse", skills: ["./skills"], configSchema };
  const code = `export default { id: "lighthouse", name: "Lighthouse", register() {} };\n`;
  await put(join(directory, "openclaw.plugin.json"), JSON.stringify(manifest));
  await put(join(directory, "index.js"), code);
  await writeSkill(join(directory, "skills/lamp"));
}

async function writeWhatsApp(account: string): Promise<void> {
  await put(join(account, "creds.json"), JSON.stringify({ me: { id: "351@s.example" } }), 0o600);
  for (let index = 1; index <= KEY_FILES; index += 1) {
    const key = JSON.stringify({ keyId: index, private: "x".repeat(40 + index) });
    await put(join(account, `pre-key-${index}.json`), key, 0o600);
  }
}

async function put(path: string, content: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, content, { mode });
}

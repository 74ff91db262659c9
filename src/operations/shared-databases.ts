import type { Classification } from "../openclaw/classify.ts";
import type { Component } from "../openclaw/rules.ts";
import type { Located } from "./root-index.ts";

const WORDS: Readonly<Record<Component, string>> = {
  config: "the configuration",
  database: "other data",
  credentials: "credentials",
  sessions: "sessions",
  cron: "cron jobs",
  workspace: "workspace files",
  skills: "skills",
  other: "other data",
};

/** Keeps account of databases that hold more than was asked for: they come whole. */
export class SharedDatabases {
  readonly #wanted: readonly Component[];
  readonly #notes = new Map<string, { asked: Component[]; others: Component[] }>();

  /** @param wanted the components asked for; empty: all, and there is nothing to note */
  constructor(wanted: readonly Component[]) {
    this.#wanted = wanted;
  }

  /** Something that is taken. */
  add({ root, relative }: Located, { component, holds }: Classification): void {
    // Who asks for databases means them whole.
    if (holds.length === 0 || this.#wanted.includes(component)) return;
    const asked = holds.filter((each) => this.#wanted.includes(each));
    if (asked.length === 0) return;
    const others = [...holds.filter((each) => !asked.includes(each)), component];
    const name = root.kind === "state" ? relative : `${root.path}/${relative}`;
    this.#notes.set(name, { asked, others });
  }

  notes(done: "taken" | "restored"): string[] {
    return [...this.#notes].map(([name, { asked, others }]) => {
      const list = words(asked);
      const live = `${list.charAt(0).toUpperCase()}${list.slice(1)} ${verb(asked)}`;
      return `${live} in ${name} together with ${words(others)}: the whole database is ${done}.`;
    });
  }
}

function words(components: readonly Component[]): string {
  const list = [...new Set(components.map((each) => WORDS[each]))];
  return list.length < 2 ? list.join("") : `${list.slice(0, -1).join(", ")} and ${list.at(-1)}`;
}

function verb(components: readonly Component[]): string {
  return components.join() === "config" ? "lives" : "live";
}

import type { InstanceCopy } from "../openclaw/instance-copy.ts";
import type { OpenClawProgram } from "./find-openclaw.ts";
import type { Isolation } from "./isolation.ts";
import type { Answer, Order } from "./orders.ts";

export interface SandboxOptions {
  copy: InstanceCopy;
  openclaw: OpenClawProgram;
  isolation: Isolation;
  /** A private directory on a disk with room for what OpenClaw writes; without namespaces, for all. */
  scratch: string;
  signal: AbortSignal;
}

/** Where OpenClaw finds a copy of an instance as if that were the only one. */
export interface Place {
  isolation: "namespaces" | "rewritten";
  /** Whether the copy stays as it is, whatever OpenClaw writes. */
  pristine: boolean;
  /** By the paths that OpenClaw sees there. */
  home: string;
  configPath: string;
  /** Where the gateway is to listen; undefined: where its configuration says. */
  port: number | undefined;
  /** What it cannot show or has to make up, a sentence each. */
  notes: string[];
  fulfil(order: Order): Promise<Answer>;
}

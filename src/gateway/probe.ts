import { get } from "node:http";
import type { Probe } from "./recipe.ts";

const ANSWER_TIMEOUT_MS = 3_000;

/** The strongest sign of life that a gateway gives now, to ask for again after a restart. */
export async function probeOf(port: number | undefined): Promise<Probe> {
  if (port !== undefined) {
    for (const kind of ["readyz", "healthz"] as const) {
      if (await answers(port, kind)) return { kind, port };
    }
  }
  return { kind: "alive", port };
}

/** Whether a gateway on this machine answers `/readyz` or `/healthz` with 200. */
export function answers(port: number, path: "readyz" | "healthz"): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const request = get(
    { host: "127.0.0.1", port, path: `/${path}`, timeout: ANSWER_TIMEOUT_MS, agent: false },
    (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    },
  );
  request.on("timeout", () => request.destroy());
  request.on("error", () => resolve(false));
  request.on("close", () => resolve(false));
  return promise;
}

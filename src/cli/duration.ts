import { ClawbackError } from "../errors.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * "90s", "5m", "1h30m", "2d" → milliseconds.
 * @throws ClawbackError E_USAGE
 */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+)([smhd])/gu)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) {
    throw new ClawbackError("E_USAGE", `${JSON.stringify(text)} is not a length of time`, {
      hint: "Give a number and a unit: 30s, 5m, 2h, 1d.",
    });
  }
  const seconds = parts.map(([, count, unit = ""]) => Number(count) * (UNITS[unit] ?? 0));
  return seconds.reduce((sum, each) => sum + each, 0) * 1000;
}

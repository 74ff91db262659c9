import { ClawbackError } from "../errors.ts";

const SECOND = 1_000_000_000n;
const YEAR_0 = -62_167_219_200;
const YEAR_10000 = 253_402_300_800;

/** Go's `time.Time{}`: how restic writes "no time". */
export const ZERO_TIME = "0001-01-01T00:00:00Z";

/**
 * RFC 3339 as restic writes it: the local zone's offset at that moment, and as many digits of
 * nanoseconds as it takes. Years outside 0–9999, which JSON cannot hold for Go, become the nearest
 * moment that it can.
 * @param nanoseconds since 1970-01-01 UTC, negative before
 */
export function formatTime(nanoseconds: bigint): string {
  let nanos = nanoseconds % SECOND;
  if (nanos < 0n) nanos += SECOND;
  const seconds = Number((nanoseconds - nanos) / SECOND);
  // A day's margin at both ends keeps the year in range in every zone.
  const utc = Math.min(Math.max(seconds, YEAR_0 + 86_400), YEAR_10000 - 86_401) * 1000;
  const offset = -Math.ceil(new Date(utc).getTimezoneOffset());
  const local = new Date(utc + offset * 60_000).toISOString().slice(0, 19);
  const fraction = nanos === 0n ? "" : `.${nanos.toString().padStart(9, "0").replace(/0+$/, "")}`;
  return local + fraction + zone(offset);
}

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** Whether this is a time that {@link parseTime} reads. */
export function isTime(text: string): boolean {
  return TIME.test(text);
}

/**
 * Nanoseconds since 1970-01-01 UTC of an RFC 3339 time; digits beyond the ninth are dropped.
 * @throws ClawbackError E_DAMAGED
 */
export function parseTime(text: string): bigint {
  const [, local, fraction = "", sign, hours, minutes] = TIME.exec(text) ?? [];
  const milliseconds = local === undefined ? Number.NaN : Date.parse(`${local}Z`);
  if (Number.isNaN(milliseconds)) {
    throw new ClawbackError("E_DAMAGED", `not a time: ${JSON.stringify(text)}`);
  }
  const offset =
    sign === undefined ? 0 : Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes));
  const nanos = BigInt(fraction.slice(0, 9).padEnd(9, "0"));
  return BigInt(milliseconds - offset * 60_000) * 1_000_000n + nanos;
}

function zone(offset: number): string {
  if (offset === 0) return "Z";
  const minutes = Math.abs(offset);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

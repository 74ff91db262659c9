import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { hasCode } from "../errors.ts";
import { formatTime, isTime, parseTime, ZERO_TIME } from "./go-time.ts";

const zoneBefore = process.env["TZ"];
afterEach(() => {
  if (zoneBefore === undefined) delete process.env["TZ"];
  else process.env["TZ"] = zoneBefore;
});

test.each([
  ["UTC", 0n, "1970-01-01T00:00:00Z"],
  ["UTC", -1n, "1969-12-31T23:59:59.999999999Z"],
  ["UTC", 1_720_000_000_120_000_000n, "2024-07-03T09:46:40.12Z"],
  ["Europe/Berlin", 1_720_000_000_000_000_001n, "2024-07-03T11:46:40.000000001+02:00"],
  ["Europe/Berlin", 1_730_000_000_000_000_000n, "2024-10-27T04:33:20+01:00"],
  ["Asia/Kathmandu", 0n, "1970-01-01T05:30:00+05:30"],
  ["America/St_Johns", 1_730_000_000_000_000_000n, "2024-10-27T01:03:20-02:30"],
])("in %s, %s ns is written %s", (zone, nanoseconds, text) => {
  process.env["TZ"] = zone;
  expect(formatTime(nanoseconds)).toBe(text);
  expect(parseTime(text)).toBe(nanoseconds);
});

test("every moment of the years 1 to 9998 survives, in every zone", () => {
  const zones = fc.constantFrom("UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Kiritimati");
  const moments = fc.bigInt(-62_135_596_800_000_000_000n, 253_370_000_000_000_000_000n);
  fc.assert(
    fc.property(zones, moments, (zone, nanoseconds) => {
      process.env["TZ"] = zone;
      const text = formatTime(nanoseconds);
      expect(isTime(text)).toBe(true);
      expect(parseTime(text)).toBe(nanoseconds);
    }),
  );
});

test("moments that four digits of a year cannot hold become ones that they can", () => {
  process.env["TZ"] = "Pacific/Kiritimati";
  expect(formatTime(10n ** 22n)).toMatch(/^9999-/);
  expect(formatTime(-(10n ** 22n))).toMatch(/^0000-/);
});

test("Go's zero time is a time", () => {
  expect(isTime(ZERO_TIME)).toBe(true);
  expect(formatTime(parseTime(ZERO_TIME)).slice(0, 4)).toBe("0001");
});

test.each(["", "now", "2024-01-01", "2024-13-01T00:00:00Z", "2024-01-01T00:00:00"])(
  "%j is no time",
  (text) => {
    expect(() => parseTime(text)).toThrow(expect.toSatisfy((e) => hasCode(e, "E_DAMAGED")));
  },
);

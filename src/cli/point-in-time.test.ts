import { describe, expect, test } from "vitest";
import { parsePointInTime } from "./point-in-time.ts";

/** A Sunday. */
const NOW = new Date(2026, 10, 22, 16, 30);
const at = (day: number, ...time: number[]): Date =>
  new Date(2026, 10, day, time[0], time[1], time[2] ?? 0, time[3] ?? 0);
const END_OF_DAY = [23, 59, 59, 999];

describe("what people write", () => {
  test.each<[string, Date]>([
    ["now", NOW],
    ["2 hours ago", at(22, 14, 30)],
    ["yesterday 14:00", at(21, 14, 0)],
    ["14:00", at(22, 14, 0)],
    ["2026-11-20 08:15", at(20, 8, 15)],
    ["20.11.2026 08:15", at(20, 8, 15)],
    ["3 days ago at noon", at(19, 12, 0)],
  ])("%s", async (text, expected) => {
    expect(await parsePointInTime(text, NOW)).toEqual(expected);
  });

  test("with a zone", async () => {
    const moment = await parsePointInTime("2026-11-20T08:00Z", NOW);
    expect(moment.toISOString()).toBe("2026-11-20T08:00:00.000Z");
  });

  test.each<[string, number]>([
    ["yesterday", 21],
    ["2026-11-20", 20],
    ["last friday", 20],
  ])("%s means the end of that day", async (text, day) => {
    expect(await parsePointInTime(text, NOW)).toEqual(at(day, ...END_OF_DAY));
  });

  test("today, which has not ended, means now", async () => {
    expect(await parsePointInTime("today", NOW)).toEqual(NOW);
  });

  test.each<[string, Date]>([
    ["23:00", at(21, 23, 0)],
    ["monday 9am", at(16, 9, 0)],
  ])("%s, which is still to come, means the last one", async (text, expected) => {
    expect(await parsePointInTime(text, NOW)).toEqual(expected);
  });
});

test.each(["banana", "", "tomorrow", "2027-01-01", "4/5/2026", "before 14:00 or so", "9am to 5pm"])(
  "%j is refused with examples",
  async (text) => {
    await expect(parsePointInTime(text, NOW)).rejects.toMatchObject({
      code: "E_USAGE",
      hint: expect.stringContaining("yesterday 14:00"),
    });
  },
);

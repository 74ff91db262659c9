import { ClawbackError } from "../errors.ts";

/** 4/5 is April or May, depending on who writes it. */
const AMBIGUOUS = /\b\d{1,2}\/\d{1,2}(?:\/\d{2,4})?\b/;

/**
 * "yesterday 14:00", "2 hours ago", "last friday", "2026-11-20 08:00" → that moment, in this
 * machine's time zone. A day without a time means its end: the state that it left behind. What
 * would lie ahead, such as a weekday or an hour, is the last one that was.
 * @throws ClawbackError E_USAGE
 */
export async function parsePointInTime(text: string, now: Date): Promise<Date> {
  // Half a megabyte of grammar: loaded when somebody asks for a time.
  const { casual } = await import("chrono-node");
  const wanted = text.trim();
  const [found, ...others] = AMBIGUOUS.test(wanted) ? [] : casual.parse(wanted, now);
  if (found?.text !== wanted || others.length > 0 || found.end !== null) {
    throw notUnderstood(text, "cannot be understood as one point in time");
  }
  const { start } = found;
  const moment = start.date();
  if (!start.isCertain("hour")) moment.setHours(23, 59, 59, 999);
  const isDay = start.isCertain("day") || start.isCertain("month");
  if (moment <= now) return moment;
  if (!start.isCertain("hour") && sameDay(moment, now)) return now;
  if (isDay && !start.isCertain("weekday")) throw notUnderstood(text, "lies in the future");
  moment.setDate(moment.getDate() - (start.isCertain("weekday") ? 7 : 1));
  return moment;
}

function sameDay(one: Date, other: Date): boolean {
  return one.toDateString() === other.toDateString();
}

function notUnderstood(text: string, why: string): ClawbackError {
  return new ClawbackError("E_USAGE", `${JSON.stringify(text)} ${why}`, {
    hint: 'Write it as "yesterday 14:00", "2 hours ago", "last friday" or "2026-11-20 08:00".',
  });
}

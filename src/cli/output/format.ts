const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** 1536 → "1.5 KiB". Powers of 1024, three digits that matter. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 1023.95 would round to "1024.0": the next unit says it better.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** 12345 → "12,345". */
export function formatNumber(value: number): string {
  return value.toLocaleString("en-US");
}

/** (1, "file") → "1 file"; (1200, "file") → "1,200 files". */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`;
}

/** Seconds for people: "0.4 s", "12 s", "3 min 20 s", "1 h 04 min", "2 d 3 h". */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${two(whole % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${two(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** "just now", "5 minutes ago", "yesterday", "3 days ago", "in 2 hours". */
export function formatRelative(time: Date, now: Date): string {
  const seconds = Math.round((time.getTime() - now.getTime()) / 1000);
  const size = Math.abs(seconds);
  if (size < 45) return "just now";
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const in_ = (unit: number) => Math.sign(seconds) * Math.round(size / unit);
  if (size < 45 * 60) return format.format(in_(60), "minute");
  if (size < 22 * 3600) return format.format(in_(3600), "hour");
  if (size < 26 * 86_400) return format.format(in_(86_400), "day");
  if (size < 320 * 86_400) return format.format(in_(30.44 * 86_400), "month");
  return format.format(in_(365.25 * 86_400), "year");
}

/** The local wall clock, "2026-09-06 14:03": sorts, and fits a column. */
export function formatTime(time: Date): string {
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}`;
}

/**
 * A name as it may be shown on a terminal: control characters and those that turn the reading
 * direction are spelled out, so that no file name moves the cursor or poses as another.
 */
export function printable(name: string): string {
  return name.replace(
    // oxlint-disable-next-line no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

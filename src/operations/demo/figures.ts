/** 1572864 → "1.5 MiB". */
export function size(bytes: number): string {
  const [unit, name] = bytes < 999.5 * 2 ** 10 ? [2 ** 10, "KiB"] : [2 ** 20, "MiB"];
  const value = bytes / unit;
  return `${value.toFixed(value < 9.95 ? 1 : 0)} ${name}`;
}

/** (1, "file") → "1 file"; (1200, "file") → "1,200 files". */
export function count(number: number, one: string): string {
  return `${number.toLocaleString("en-US")} ${one}${number === 1 ? "" : "s"}`;
}

/** 0.0123 → "12 ms". */
export function milliseconds(ms: number): string {
  return `${Math.max(1, Math.round(ms)).toLocaleString("en-US")} ms`;
}

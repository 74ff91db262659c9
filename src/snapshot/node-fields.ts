import { ClawbackError } from "../errors.ts";
import type { Json } from "./go-json.ts";
import { isTime } from "./go-time.ts";

/*
 * Reads the fields of parsed JSON as Go would: null is the same as missing, and a value of another
 * shape is refused with a ClawbackError E_DAMAGED.
 */

export interface Fields {
  readonly [name: string]: Json;
}

const UINT32_MAX = 2 ** 32 - 1;
const UINT64_MAX = 2n ** 64n - 1n;
const ID = /^[0-9a-f]{64}$/;

/** Sets a field only when there is a value: a missing one stays missing. */
export function assign<T, K extends keyof T>(target: T, key: K, value: T[K] | undefined): void {
  if (value !== undefined) target[key] = value;
}

export function record(value: Json, field: string): { [name: string]: Json } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(field);
  return value;
}

/** The fields that are not in `known`, or undefined when there are none. */
export function unknownFields(
  fields: Fields,
  known: ReadonlySet<string>,
): { [name: string]: Json } | undefined {
  let unknown: [string, Json][] | undefined;
  for (const name in fields) {
    if (!known.has(name)) (unknown ??= []).push([name, fields[name] ?? null]);
  }
  return unknown && Object.fromEntries(unknown);
}

export function map(fields: Fields, field: string): { [name: string]: Json } | undefined {
  const value = fields[field] ?? undefined;
  return value === undefined ? undefined : record(value, field);
}

export function list(fields: Fields, field: string): Json[] | undefined {
  const value = fields[field] ?? undefined;
  if (value !== undefined && !Array.isArray(value)) throw wrong(field);
  return value;
}

export function text(fields: Fields, field: string): string | undefined {
  const value = fields[field] ?? undefined;
  if (value !== undefined && typeof value !== "string") throw wrong(field);
  return value;
}

export function texts(fields: Fields, field: string): string[] | undefined {
  const items = list(fields, field);
  if (items === undefined || items.every((item) => typeof item === "string")) return items;
  throw wrong(field);
}

export function oneOf<T extends string>(fields: Fields, field: string, allowed: readonly T[]): T {
  const found = allowed.find((item) => item === fields[field]);
  if (found === undefined) throw wrong(field);
  return found;
}

export function uint32(fields: Fields, field: string): number | undefined {
  const value = fields[field] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > UINT32_MAX) {
    throw wrong(field);
  }
  return value;
}

export function uint64(fields: Fields, field: string): bigint | undefined {
  const value = fields[field] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  if (typeof value === "bigint" && value >= 0n && value <= UINT64_MAX) return value;
  throw wrong(field);
}

export function time(fields: Fields, field: string): string | undefined {
  const value = text(fields, field);
  if (value !== undefined && !isTime(value)) throw wrong(field);
  return value;
}

export function id(fields: Fields, field: string): string | undefined {
  const value = text(fields, field);
  if (value !== undefined && !ID.test(value)) throw wrong(field);
  return value;
}

export function ids(fields: Fields, field: string): string[] | undefined {
  const items = texts(fields, field);
  if (items?.every((item) => ID.test(item)) === false) throw wrong(field);
  return items;
}

function wrong(field: string): ClawbackError {
  return new ClawbackError("E_DAMAGED", `the field ${field} is not what the format allows`);
}

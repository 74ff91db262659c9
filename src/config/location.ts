import { resolve } from "node:path";
import { expandHome } from "./places.ts";

/**
 * A repository location that means the same from every directory: a path is made absolute from
 * `base`, a location with a scheme (`sftp:`, `s3:` …) stays as it is.
 */
export function absoluteLocation(location: string, base: string, home: string): string {
  // One letter and a colon is a Windows drive.
  return /^[a-z][a-z0-9+-]+:/iu.test(location)
    ? location
    : resolve(base, expandHome(location, home));
}

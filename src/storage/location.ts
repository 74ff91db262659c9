import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ClawbackError } from "../errors.ts";

/** Where a repository lies, as a person wrote it, taken apart. */
export interface Location {
  scheme: "local";
  /** Absolute. */
  path: string;
}

export interface LocationContext {
  /** What a leading `~` means. */
  home: string;
  /** What relative paths start from. Default: the working directory. */
  cwd?: string;
}

/** restic's schemes that name a service. */
const LATER = new Set(["sftp", "s3", "rest", "rclone", "b2", "azure", "gs", "swift"]);

/**
 * Reads `/path`, `~/path`, `relative/path`, `file:/path`, `file:///path` and restic's `local:path`.
 * @throws ClawbackError `E_USAGE` for what names no place this version can use.
 */
export function parseLocation(text: string, context: LocationContext): Location {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return local(text, text, context);
  const rest = text.slice(scheme.length + 1);
  if (scheme === "local") return local(rest, text, context);
  if (scheme === "file") return local(pathOfFileUrl(rest, text), text, context);
  throw LATER.has(scheme)
    ? new ClawbackError("E_USAGE", `${scheme}: is not supported yet by this version`, {
        hint: "Name a directory, for example on another disk or a mounted share.",
      })
    : new ClawbackError("E_USAGE", `unknown kind of place: ${scheme}:`, {
        hint: `If it is a directory with a colon in its name, write ./${redact(text)}`,
      });
}

function local(path: string, text: string, { home, cwd }: LocationContext): Location {
  if (path === "" || path.includes("\0")) {
    throw new ClawbackError("E_USAGE", `not a place for a repository: ${JSON.stringify(text)}`, {
      hint: "Name a directory, for example /mnt/backup/openclaw.",
    });
  }
  if (/^~[^/\\]/.test(path)) {
    throw new ClawbackError("E_USAGE", `cannot tell whose home ${path} means`, {
      hint: "Write the path in full, or ./~name for a directory of that name.",
    });
  }
  const expanded = path.startsWith("~") ? join(home, path.slice(1)) : path;
  return { scheme: "local", path: resolve(cwd ?? process.cwd(), expanded) };
}

/** `file:/a` and `file:a` are taken as they stand; `file://` makes it a URL, percent signs and all. */
function pathOfFileUrl(rest: string, text: string): string {
  if (!rest.startsWith("//")) return rest;
  try {
    return fileURLToPath(`file:${rest}`);
  } catch {
    throw new ClawbackError("E_USAGE", `not a file URL: ${redact(text)}`, {
      hint: "Write file:///absolute/path, or just the path.",
    });
  }
}

/**
 * A location for people and logs: the password of a URL becomes `***`. When in doubt (a password
 * with a slash in it), too much is hidden rather than too little.
 */
export function redact(location: string): string {
  const start = location.indexOf("://") + 3;
  if (start < 3) return location;
  const rest = location.slice(start);
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? "";
  const plain = /^[^@:]*(?::\d*)?$|^\[[^\]@]*\](?::\d*)?$/.test(authority);
  const end = plain
    ? -1
    : authority.includes("@")
      ? authority.lastIndexOf("@")
      : rest.lastIndexOf("@");
  const colon = rest.indexOf(":");
  if (end < 0 || colon < 0 || colon > end) return location;
  return `${location.slice(0, start)}${rest.slice(0, colon)}:***${rest.slice(end)}`;
}

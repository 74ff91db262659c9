import { readFileSync } from "node:fs";

/** Names of users and groups by number; "" where the system knows none. */
export interface Names {
  user(uid: number): string;
  group(gid: number): string;
}

/** From `/etc/passwd` and `/etc/group`, read once. Users of a directory service have no name here. */
export function systemNames(passwd = "/etc/passwd", group = "/etc/group"): Names {
  const users = readNames(passwd);
  const groups = readNames(group);
  return { user: (uid) => users.get(uid) ?? "", group: (gid) => groups.get(gid) ?? "" };
}

function readNames(path: string): Map<number, string> {
  const names = new Map<number, string>();
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return names;
  }
  for (const line of text.split("\n")) {
    const [name, , number] = line.split(":");
    // The first name of a number counts, as for getpwuid.
    if (name && number && !names.has(Number(number))) names.set(Number(number), name);
  }
  return names;
}

import { readFileSync } from "node:fs";

export interface Groups {
  /** Whether the group has anybody in it beside this user; true where that cannot be told. */
  isShared(gid: number, uid: number): boolean;
}

/** From `/etc/passwd` and `/etc/group` (passwd(5), group(5)), read once. */
export function systemGroups(passwd = "/etc/passwd", group = "/etc/group"): Groups {
  const users = fieldsOf(passwd).map(([name = "", , uid, gid]) => ({ name, uid, gid }));
  const groups = fieldsOf(group).map(([, , gid, names = ""]) => ({ gid, names: names.split(",") }));
  return {
    isShared(gid, uid) {
      const own = users.filter((user) => user.uid === String(uid)).map(({ name }) => name);
      // Accounts of a directory service, and a Mac's, are in neither file.
      if (own.length === 0) return true;
      const named = groups.filter((each) => each.gid === String(gid)).flatMap(({ names }) => names);
      const members = users.filter((user) => user.gid === String(gid)).map(({ name }) => name);
      return [...named, ...members].some((name) => name !== "" && !own.includes(name));
    },
  };
}

function fieldsOf(path: string): string[][] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split(":"));
  } catch {
    return [];
  }
}

import { expect, test } from "vitest";
import { absoluteLocation } from "./location.ts";
import { expandHome, places } from "./places.ts";

test("without XDG variables everything lies in the usual places below the home", () => {
  expect(places({}, "/home/ada")).toEqual({
    configFile: "/home/ada/.config/clawback/config.json5",
    secretsDir: "/home/ada/.config/clawback/secrets",
    stateDir: "/home/ada/.local/state/clawback",
    cacheDir: "/home/ada/.cache/clawback",
    repository: "/home/ada/.local/share/clawback/repository",
  });
});

test("XDG variables move each place; a relative one is ignored, as the specification says", () => {
  const env = {
    XDG_CONFIG_HOME: "/etc/ada",
    XDG_STATE_HOME: "/var/state",
    XDG_CACHE_HOME: "cache",
    XDG_DATA_HOME: "/srv",
  };
  expect(places(env, "/home/ada")).toEqual({
    configFile: "/etc/ada/clawback/config.json5",
    secretsDir: "/etc/ada/clawback/secrets",
    stateDir: "/var/state/clawback",
    cacheDir: "/home/ada/.cache/clawback",
    repository: "/srv/clawback/repository",
  });
});

test("~ is the home only where it stands alone or before a slash", () => {
  expect(["~", "~/x", "~ada/x", "/a/~"].map((path) => expandHome(path, "/home/ada"))).toEqual([
    "/home/ada",
    "/home/ada/x",
    "~ada/x",
    "/a/~",
  ]);
});

test("paths become absolute, locations with a scheme stay", () => {
  const absolute = (location: string) => absoluteLocation(location, "/some/dir", "/home/ada");
  expect(absolute("backups")).toBe("/some/dir/backups");
  expect(absolute("~/backups")).toBe("/home/ada/backups");
  expect(absolute("/srv/backups/")).toBe("/srv/backups");
  for (const location of ["sftp:ada@host:/b", "s3:bucket/x", "rest:https://h/", "rclone:r:p"]) {
    expect(absolute(location)).toBe(location);
  }
});

import { machineFixture } from "./fixtures.ts";
import type { Fixture } from "./fixtures.ts";
import type { Mount } from "../fs/mount-table.ts";

/** Where programs and what they need lie, on the usual Linux and on Nix and Guix. */
const PROGRAMS = [
  ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"],
  ["/nix/store", "/gnu/store"],
].flat();

/** Of `/etc` only what programs cannot do without: no keys, no names of other hosts. */
const SETTINGS = [
  ["/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives"],
  ["/etc/localtime", "/etc/timezone", "/etc/ssl/certs", "/etc/ssl/openssl.cnf"],
].flat();

const DEVICES = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

const MEMORY = { "/dev/shm": "256m", "/run": "64m", "/tmp": "1g", "/var/tmp": "256m" };

const LINKS = {
  "/dev/fd": "/proc/self/fd",
  "/dev/stdin": "/proc/self/fd/0",
  "/dev/stdout": "/proc/self/fd/1",
  "/dev/stderr": "/proc/self/fd/2",
  "/var/run": "/run",
};

/** The programs of the system. */
export function programFixtures(mounts: readonly Mount[]): Promise<Fixture[]> {
  return placesOf(PROGRAMS, mounts);
}

/** What else any program takes for granted, and nothing that belongs to anybody. */
export async function systemFixtures(mounts: readonly Mount[]): Promise<Fixture[]> {
  return [
    ...(await placesOf([...SETTINGS, ...DEVICES], mounts)),
    ...Object.entries(MEMORY).map(([at, size]) => ({ kind: "memory" as const, at, size })),
    ...Object.entries(LINKS).map(([at, to]) => ({ kind: "link" as const, at, to })),
  ];
}

async function placesOf(paths: readonly string[], mounts: readonly Mount[]): Promise<Fixture[]> {
  const found = await Promise.all(paths.map((path) => machineFixture(path, mounts)));
  return found.filter((fixture) => fixture !== undefined);
}

/** The users that a box knows: root, and whoever OpenClaw runs as. */
export function accountFixtures(
  { uid, gid }: { uid: number; gid: number },
  home: string,
  hostname: string,
): Fixture[] {
  const own = uid === 0 ? "" : `openclaw:x:${uid}:${gid}::${home}:/bin/sh\n`;
  const texts = {
    "/etc/passwd": `root:x:0:0::${uid === 0 ? home : "/root"}:/bin/sh\n${own}`,
    "/etc/group": `root:x:0:\n${gid === 0 ? "" : `openclaw:x:${gid}:\n`}`,
    "/etc/hosts": `127.0.0.1 localhost ${hostname}\n::1 localhost\n`,
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "/etc/resolv.conf": "",
  };
  return Object.entries(texts).map(([at, content]) => ({ kind: "text", at, content }));
}

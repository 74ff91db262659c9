import { inOrder, parentsOf } from "./fixtures.ts";
import type { Fixture } from "./fixtures.ts";

export interface BoxScript {
  /** An empty directory that the new root is mounted on. */
  root: string;
  /** The system's programs. */
  programs: readonly Fixture[];
  /** All else. */
  fixtures: readonly Fixture[];
  /** Whether what is written to directories of the copy goes elsewhere. */
  pristine: boolean;
  /** Whose the box is; undefined: whoever enters, with no way to become another. */
  owner: { uid: number; gid: number } | undefined;
  /** What is started in the box, and the directory it starts in. */
  command: readonly string[];
  cwd: string;
}

/**
 * A private directory becomes the root of all files: what is not put there is not there, whoever
 * owns it. The system's programs come first and are sealed; then the roots change, so that no link
 * leads out any more; the rest is taken from the old root, which goes at last.
 */
const PRELUDE = `set -eu
umask 022
# When memory runs out this one is to go first, not a live gateway.
echo 500 2>/dev/null >/proc/self/oom_score_adj || :
ulimit -c 0
OLD=
dir() { [ -d "$1" ] || { mkdir "$1"; [ -z "$OWNER" ] || chown "$OWNER" "$1"; }; }
bind() {
  if [ -d "$OLD$1" ]; then dir "$2"; elif [ ! -e "$2" ]; then : >"$2"; fi
  mount --rbind "$OLD$1" "$2"
}
seal() { mount -o "remount,bind,ro,nosuid,nodev$2" "$1"; }
memory() { dir "$1"; mount -t tmpfs -o "mode=1777,nosuid,nodev,size=$2" tmpfs "$1"; }
text() { printf %s "$2" >"$1"; }
link() { [ -e "$1" ] || [ -L "$1" ] || ln -s "$2" "$1"; }
file() { if [ -e "$2" ]; then bind "$1" "$2"; seal "$2" ""; else cp -p "$OLD$1" "$2"; fi; }
# These options cannot name a path with a colon or a comma in it.
overlay() {
  dir "$2"
  mkdir -p /.low /.up
  mount --rbind "$OLD$1" /.low
  mount --rbind "$OLD$3" /.up
  over=lowerdir=/.low,upperdir=/.up/data,workdir=/.up/work
  mount -t overlay -o "$over" overlay "$2" 2>/dev/null ||
    mount -t overlay -o "userxattr,$over" overlay "$2"
  # The kernel makes this one so that not even its owner may remove it.
  chmod 700 /.up/work/work 2>/dev/null || :
  umount -l /.low
  umount -l /.up
}
loopback() {
  ip link set lo up 2>/dev/null || ifconfig lo up 2>/dev/null || perl -e '
    use Socket;
    socket(S, PF_INET, SOCK_DGRAM, 0) && ioctl(S, 0x8914, pack("a16sx14", "lo", 0x41)) or exit 1
  ' 2>/dev/null || { echo "neither ip nor ifconfig nor perl brings the loopback up" >&2; exit 1; }
}
`;

/** What a shell does, as root of namespaces of its own, to become a box. */
export function boxScript(box: BoxScript): string {
  const { root, pristine, owner, command, cwd } = box;
  const made = new Set<string>();
  const place = (fixture: Fixture, top: string): string[] => {
    const parents = parentsOf(fixture.at).filter((path) => !made.has(path) && made.add(path));
    return [
      ...parents.map((path) => `dir ${quoted(top + path)}`),
      placed({ ...fixture, at: top + fixture.at }, pristine),
    ];
  };
  const become = owner && [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, "--clear-groups"];
  const powerless = ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"];
  const entered = ["setpriv", ...(become ?? []), ...powerless, "--pdeathsig=KILL", ...command];
  return [
    PRELUDE,
    `OWNER=${owner === undefined ? "" : `${owner.uid}:${owner.gid}`}`,
    `mount -t tmpfs -o mode=755,nosuid,nodev,size=256m tmpfs ${quoted(root)}`,
    `cd ${quoted(root)}`,
    ...box.programs.flatMap((fixture) => place(fixture, ".")),
    // Read-only: root's own number may otherwise write to the kernel's settings.
    "mkdir ./proc ./.old",
    "mount -t proc -o ro,nosuid,nodev,noexec proc ./proc",
    "loopback",
    "pivot_root . ./.old",
    "cd /",
    "OLD=/.old",
    ...inOrder(box.fixtures).flatMap((fixture) => place(fixture, "")),
    "umount -l /.old",
    "rm -rf /.low /.up",
    "rmdir /.old",
    `cd ${quoted(cwd)}`,
    `exec ${entered.map(quoted).join(" ")}`,
  ].join("\n");
}

function placed(fixture: Fixture, pristine: boolean): string {
  const at = quoted(fixture.at);
  switch (fixture.kind) {
    case "machine":
      return [
        `bind ${quoted(fixture.from)} ${at}`,
        ...fixture.seals.map(({ inside, options }) => {
          const kept = options.map((option) => `,${option}`).join("");
          return `seal ${quoted(fixture.at + inside)} ${quoted(kept)}`;
        }),
      ].join("\n");
    case "copy":
      return pristine
        ? `overlay ${quoted(fixture.from)} ${at} ${quoted(fixture.upper)}`
        : `bind ${quoted(fixture.from)} ${at}`;
    case "file":
      return `file ${quoted(fixture.from)} ${at}`;
    case "shared":
      return `bind ${quoted(fixture.from)} ${at}`;
    case "directory":
      return `dir ${at}`;
    case "memory":
      return `memory ${at} ${fixture.size}`;
    case "link":
      return `link ${at} ${quoted(fixture.to)}`;
    case "text":
      return `text ${at} ${quoted(fixture.content)}`;
  }
}

/** As one word of a shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

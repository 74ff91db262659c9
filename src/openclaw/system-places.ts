import { isWithin } from "./user-paths.ts";

/** Where programs live that a system, a package manager or an app store has put there. */
const PROGRAMS = words(`
  /usr /bin /sbin /lib /lib32 /lib64 /libx32 /boot /snap
  /nix /gnu/store /run/current-system /home/linuxbrew /opt/homebrew /opt/local
  /System /Library /Applications
`);
/** No files of anybody's. */
const KERNEL = words("/proc /sys /dev /run /var/run");
/** What a machine is set up with, and what it writes by itself. */
const MACHINE = words("/etc /private/etc /var/log /var/cache /var/spool");
/** Within the above, and people's own all the same. */
const PEOPLE = words("/usr/local /etc/openclaw /run/media /run/user");

/** Below anybody's home: what version managers and package managers fetch. */
const TOOLCHAINS = words(`
  .nvm .fnm .volta .nodenv .bun .deno .npm .npm-global
  .pyenv .rbenv .asdf .sdkman .rustup .cargo go/bin go/pkg
  .conda miniconda3 anaconda3 miniforge3 .linuxbrew .nix-profile .local/state/nix
  .local/share/fnm .local/share/mise .local/share/pipx .local/share/pnpm .local/share/uv
  .cache .local/pipx Library/Caches Library/pnpm
`);

/** Whether a file is a part of the system's programs, whatever names it. */
export function isSystemProgram(path: string, home: string): boolean {
  return isIn([...PROGRAMS, ...KERNEL], path, home);
}

/** Whether a place is the machine's own rather than somebody's. */
export function isSystemPlace(path: string, home: string): boolean {
  return isIn([...PROGRAMS, ...KERNEL, ...MACHINE], path, home);
}

/** Whether it was installed, so that installing brings it back. */
export function isInstalled(path: string): boolean {
  const names = ["node_modules", "site-packages", ...TOOLCHAINS];
  return names.some((name) => `${path}/`.includes(`/${name}/`));
}

function isIn(places: readonly string[], path: string, home: string): boolean {
  const within = (place: string) => isWithin(path, place);
  // A service's home may be `/var/lib/…`.
  if ((home !== "/" && within(home)) || PEOPLE.some(within)) return false;
  return places.some(within);
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

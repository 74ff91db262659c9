interface Release {
  /** Year, month, number. */
  base: readonly number[];
  /** Undefined: a stable release, or a correction of one (`2026.7.1-2`). */
  beta: number | undefined;
}

/** `2026.9.6`, `v2026.9.6`, `2026.7.1-2`, `2026.8.1-beta.3`, and as it once was `2026.1.5.beta.2`. */
const RELEASE = /^v?(\d+)\.(\d+)\.(\d+)(?:[-.]beta(?:\.(\d+))?|-\d+)?$/;

/**
 * Whether a release of OpenClaw came before another. As OpenClaw has it (`shouldWarnOnTouchedVersion`
 * of its package), corrections of a release, and its betas before a stable one, are no reason for
 * concern. False for what is no release's name.
 */
export function isOlder(version: string, than: string): boolean {
  const [one, other] = [parse(version), parse(than)];
  if (one === undefined || other === undefined) return false;
  const difference = compareBases(one.base, other.base);
  if (difference !== 0) return difference < 0;
  return one.beta !== undefined && other.beta !== undefined && one.beta < other.beta;
}

/** The newest of some releases; names that are none do not count. */
export function newest(versions: readonly string[]): string | undefined {
  const releases = versions.filter((version) => parse(version) !== undefined);
  return releases.reduce<string | undefined>((best, version) => {
    return best === undefined || isOlder(best, version) ? version : best;
  }, undefined);
}

function compareBases(one: readonly number[], other: readonly number[]): number {
  return one.map((number, at) => number - (other[at] ?? 0)).find((step) => step !== 0) ?? 0;
}

function parse(text: string): Release | undefined {
  const match = RELEASE.exec(text.trim());
  if (match === null) return undefined;
  const beta = text.includes("beta") ? Number(match[4] ?? 0) : undefined;
  return { base: match.slice(1, 4).map(Number), beta };
}

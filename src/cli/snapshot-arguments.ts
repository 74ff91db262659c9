/**
 * `[SNAPSHOT] [PATH]` as people write it: the snapshot may be left out, and then it is the latest;
 * a path always begins with a slash.
 */
export function snapshotAndPath(args: readonly (string | undefined)[]): {
  snapshot: string;
  path: string | undefined;
} {
  const [first, second] = args;
  if (first?.startsWith("/") === true && second === undefined) {
    return { snapshot: "latest", path: first };
  }
  return { snapshot: first ?? "latest", path: second };
}

/** The bytes of a path, each as a latin1 character: JSON can hold any name that way. */
export type RawPath = string;

export function rawPath(path: string): RawPath {
  return Buffer.from(path, "utf8").toString("latin1");
}

export function bytesOf(raw: RawPath): Buffer {
  return Buffer.from(raw, "latin1");
}

/** For eyes, and for interfaces that take text. */
export function readable(raw: RawPath): string {
  return bytesOf(raw).toString("utf8");
}

/** `relative` below `directory`; the empty one is the directory itself. */
export function below(directory: RawPath, relative: RawPath): RawPath {
  return relative === "" ? directory : `${directory === "/" ? "" : directory}/${relative}`;
}

/** The way from `directory` to `path`, `""` for itself, undefined when it is not below it. */
export function wayTo(path: RawPath, directory: RawPath): RawPath | undefined {
  if (path === directory) return "";
  const start = directory === "/" ? "/" : `${directory}/`;
  return path.startsWith(start) ? path.slice(start.length) : undefined;
}

/** The directories that lead to a relative path, the outermost first: `a`, `a/b` for `a/b/c`. */
export function waysTo(relative: RawPath): RawPath[] {
  const parts = relative.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

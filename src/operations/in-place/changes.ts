/** Files of one fate. */
export interface ChangeList {
  files: number;
  bytes: number;
  /** Absolute, as here; the first thousand. What is kept is named by its topmost directory. */
  paths: string[];
}

/** What a restore in place does to what is there. */
export interface Changes {
  /** In the snapshot, and not there now. */
  added: ChangeList;
  /** In both, and different as far as size and time tell. */
  replaced: ChangeList;
  /** In both, and the same as far as size and time tell. */
  unchanged: ChangeList;
  /** There now, and not in the snapshot: made later. */
  removed: ChangeList;
  /** There now, and never in such a snapshot: it comes along. */
  kept: ChangeList;
}

const MOST_PATHS = 1000;

export function noChanges(): Changes {
  const none = (): ChangeList => ({ files: 0, bytes: 0, paths: [] });
  return { added: none(), replaced: none(), unchanged: none(), removed: none(), kept: none() };
}

/** Counts one file, or one directory that is kept whole. */
export function addChange(list: ChangeList, path: string, bytes: number): void {
  list.files += 1;
  list.bytes += bytes;
  if (list.paths.length < MOST_PATHS) list.paths.push(path);
}

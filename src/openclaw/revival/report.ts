/** A thing that was changed in a copy, so that it can be started. */
export interface Done {
  /** A few words: "a write-ahead log put into its database". */
  what: string;
  /** Where, as at home. */
  path: string;
  /** How many files, rows, messages. */
  count: number;
}

/** A thing that a person should know, and may want to see to. */
export interface Told {
  what: string;
  why: string;
  /** What to run, program first. */
  command?: readonly string[];
}

export interface RevivalReport {
  done: Done[];
  told: Told[];
}

export interface RevivalOptions {
  /** It is to have a device identity of its own. */
  newIdentity: boolean;
  /** The original lives on beside it. */
  beside: boolean;
  /** What was waiting to be sent when the snapshot was taken is sent at the start. */
  keepDeliveries: boolean;
  /** For what is overdue, and for names. */
  now: Date;
}

/** One line of `done`, or none where nothing was done. */
export function doneIf(count: number, what: string, path: string): Done[] {
  return count === 0 ? [] : [{ what, path, count }];
}

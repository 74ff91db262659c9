import type { How } from "./open-places.ts";

/** A process that is at work in what is to be replaced. */
export interface Occupant {
  pid: number;
  /** The program's name, without arguments. */
  command: string;
  how: How;
  /** One place where it is, by its name here. */
  path: string;
}

export interface Occupancy {
  /** By pid; each process once. */
  occupants: Occupant[];
  /** How many processes could not be looked into, being other users'. Null: that cannot be told. */
  unseen: number | null;
}

import type { Style } from "./style.ts";

/** How a result is to look for people. */
export interface View {
  style: Style;
  /** The terminal's columns; undefined in a pipe, where nothing is cut. */
  width: number | undefined;
  now: Date;
  verbose: boolean;
}

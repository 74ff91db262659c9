/** How far a gateway is that was asked to start. */
export type Progress = "ready" | "starting" | "ended";

/** One way to stop a gateway and to start it again. */
export interface Stoppable {
  /**
   * Asks it to end, or the one that was started last, and returns without waiting for that.
   * @throws E_GATEWAY when it may not be asked; it then runs on
   */
  askToStop(): Promise<void>;
  /** Whether it is truly gone, with every descriptor and lock it had. */
  isGone(): Promise<boolean>;
  /** Whether somebody else has started one meanwhile. Asked only after it was gone. */
  runsAgain(): Promise<boolean>;
  /** @throws E_GATEWAY */
  start(): Promise<void>;
  progress(): Promise<Progress>;
}

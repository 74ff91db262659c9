import { setTimeout as timeout } from "node:timers/promises";

/** Time, handed in wherever a test wants to own it. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. It may jump: NTP, a laptop that slept. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with `signal.reason` once `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    signal?.throwIfAborted();
    try {
      await timeout(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

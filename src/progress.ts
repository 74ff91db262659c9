/**
 * How far a long piece of work has come. Operations report into it without knowing whether anybody
 * looks; the terminal draws a line from it, tests and pipes take {@link silentProgress}.
 */
export interface Progress {
  /** A new phase begins ("reading", "restoring" …); counters start at nought. Bytes are plain bytes. */
  start(phase: string, total?: ProgressTotal): void;
  /** Work done since the last call; `current` is the file in hand. */
  add(delta: ProgressDelta): void;
  /** A line worth keeping on the screen, above the moving one. */
  note(message: string): void;
  /** The work is over, well or not: whatever was drawn goes away. Safe to call twice. */
  finish(): void;
}

export interface ProgressTotal {
  files?: number;
  bytes?: number;
}

export interface ProgressDelta {
  files?: number;
  bytes?: number;
  current?: string;
}

/** For whoever does not want to look. */
export const silentProgress: Progress = {
  start() {},
  add() {},
  note() {},
  finish() {},
};

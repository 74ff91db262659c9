import type { Progress, ProgressDelta, ProgressTotal } from "../../progress.ts";
import { formatBytes, formatDuration, formatNumber, printable } from "./format.ts";
import { cut } from "./table.ts";

export interface ProgressStream {
  write(text: string): unknown;
  columns?: number;
}

export interface ProgressState {
  phase: string;
  total: ProgressTotal;
  files: number;
  bytes: number;
  current: string | undefined;
  /** Milliseconds since the phase began. */
  elapsed: number;
}

const INTERVAL = 100;
const CLEAR = "\r\u001b[K";

/** A moving line on a terminal, drawn at most ten times a second and wiped away at the end. */
export function progressLine(stream: ProgressStream, now: () => number): Progress {
  let state: Omit<ProgressState, "elapsed"> | undefined;
  let began = 0;
  let drawn = Number.NEGATIVE_INFINITY;
  let visible = false;

  const draw = (): void => {
    if (state === undefined) return;
    drawn = now();
    visible = true;
    // One column short: a full line would wrap on some terminals.
    const width = (stream.columns || 80) - 1;
    stream.write(CLEAR + progressText({ ...state, elapsed: drawn - began }, width));
  };
  const clear = (): void => {
    if (visible) stream.write(CLEAR);
    visible = false;
  };
  return {
    start(phase, total = {}) {
      state = { phase, total, files: 0, bytes: 0, current: undefined };
      began = now();
      draw();
    },
    add(delta: ProgressDelta) {
      if (state === undefined) return;
      state.files += delta.files ?? 0;
      state.bytes += delta.bytes ?? 0;
      state.current = delta.current ?? state.current;
      if (now() - drawn >= INTERVAL) draw();
    },
    note(message) {
      clear();
      stream.write(`${message}\n`);
      draw();
    },
    finish() {
      clear();
      state = undefined;
    },
  };
}

/** What the line says, at most `width` columns: phase, share, counts, speed, time left, file. */
export function progressText(state: ProgressState, width: number): string {
  const { phase, total, files, bytes, elapsed } = state;
  const seconds = elapsed / 1000;
  const share = fraction(bytes, total.bytes) ?? fraction(files, total.files);
  const speed = seconds > 0.5 ? bytes / seconds : 0;
  const parts = [
    ...(share === undefined ? [] : [`${Math.floor(share * 100)}%`]),
    ...(files > 0 || total.files !== undefined ? [`${outOf(files, total.files)} files`] : []),
    ...(bytes > 0 ? [formatBytes(bytes)] : []),
    ...(speed > 0 ? [`${formatBytes(speed)}/s`] : []),
    ...(share !== undefined && share > 0.01 && share < 1 && seconds > 2
      ? [`${formatDuration((seconds / share) * (1 - share))} left`]
      : []),
  ];
  const text = [phase, ...parts].join("  ");
  const file = state.current === undefined ? "" : `  ${printable(state.current)}`;
  return cut(text + file, width);
}

function fraction(done: number, total: number | undefined): number | undefined {
  return total === undefined || total <= 0 ? undefined : Math.min(1, done / total);
}

function outOf(done: number, total: number | undefined): string {
  return total === undefined ? formatNumber(done) : `${formatNumber(done)}/${formatNumber(total)}`;
}

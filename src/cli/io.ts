import type { ReadStream, WriteStream } from "node:tty";

/** All that the command line takes from the outside. */
export interface Io {
  /** The words after the program's name. */
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  cwd: string;
  stdin: ReadStream;
  stdout: WriteStream;
  stderr: WriteStream;
  /** Aborted by Ctrl-C, by SIGTERM, and when nobody reads the output any more. */
  signal: AbortSignal;
  now: () => Date;
  /** Texts that no message may repeat; grows as passwords are found. */
  secrets: Set<string>;
}

/** The reason of `signal` when the reader of stdout has gone (`clawback ls | head`). */
export const OUTPUT_CLOSED = Symbol("the reader of the output has gone");

/**
 * Writes to stdout and waits until it is out. A reader that has gone is no error.
 * @throws the system error of a full disk behind a redirection.
 */
export async function writeOut(io: Io, data: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    io.stdout.write(data, (error) => {
      if (error && !isClosedPipe(error)) reject(error);
      else resolve();
    });
  });
}

export function isClosedPipe(error: Error): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "EPIPE" || code === "ERR_STREAM_DESTROYED";
}

import { ClawbackError } from "../errors.ts";
import type { Io } from "./io.ts";

/** Questions to the person at the terminal. Each can be answered by a flag instead. */
export interface Prompter {
  /** `flag` is what a script passes to say yes. With `--yes` nobody is asked. */
  confirm(question: { message: string; flag: string; byDefault: boolean }): Promise<boolean>;
  /** Hidden while typed. `flag` is what a script passes instead. */
  secret(question: SecretQuestion): Promise<string>;
  /** The same, typed twice: nobody sees a slip of the finger in a hidden word. */
  newSecret(question: SecretQuestion): Promise<string>;
}

interface SecretQuestion {
  message: string;
  flag: string;
}

/** Whether somebody can be asked: there is a terminal to read from, and one to be asked on. */
export function isInteractive(io: Io): boolean {
  return io.stdin.isTTY === true && io.stderr.isTTY === true;
}

/**
 * Asks on stderr, so that stdout stays the result's.
 * Its methods throw ClawbackError E_USAGE without a terminal, E_INTERRUPTED on Ctrl-C.
 */
export function createPrompter(io: Io, yes: boolean): Prompter {
  const common = { input: io.stdin, output: io.stderr, signal: io.signal };
  const answer = <T>(value: T): Exclude<T, symbol> => {
    if (typeof value === "symbol") throw new ClawbackError("E_INTERRUPTED", "stopped by Ctrl-C");
    return value as Exclude<T, symbol>;
  };
  const needTerminal = (message: string, flag: string): void => {
    if (isInteractive(io)) return;
    throw new ClawbackError("E_USAGE", `no terminal to ask on: ${message}`, {
      hint: `Answer it with ${flag}.`,
    });
  };
  const secret = async ({ message, flag }: SecretQuestion): Promise<string> => {
    needTerminal(message, flag);
    const { password } = await import("@clack/prompts");
    return answer(
      await password({
        ...common,
        message,
        validate: (typed) => (typed ? undefined : "Nothing was typed"),
      }),
    );
  };
  return {
    async confirm({ message, flag, byDefault }) {
      if (yes) return true;
      needTerminal(message, flag);
      const { confirm } = await import("@clack/prompts");
      return answer(await confirm({ ...common, message, initialValue: byDefault }));
    },
    secret,
    async newSecret({ message, flag }) {
      const first = await secret({ message, flag });
      const second = await secret({ message: `${message}, once more`, flag });
      if (first === second) return first;
      throw new ClawbackError("E_USAGE", "the two are not the same", {
        hint: `Try again, or use ${flag}.`,
      });
    },
  };
}

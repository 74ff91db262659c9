import { ClawbackError } from "../errors.ts";

/**
 * Splits a command into words as a POSIX shell would, quotes and backslashes included, and expands
 * nothing: there is no shell behind `--password-command`, as there is none in restic.
 *
 * @throws ClawbackError E_USAGE on an open quote, a backslash at the end, or no word at all.
 */
export function shellWords(command: string): [string, ...string[]] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  const letters = Array.from(command);
  for (let i = 0; i < letters.length; i++) {
    const letter = letters[i] ?? "";
    if (quote === undefined && /\s/u.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (letter === "\\" && quote !== "'") {
      const next = letters[++i];
      if (next === undefined) throw malformed("ends in a backslash");
      const literal = quote === '"' && !'"\\$`\n'.includes(next);
      word = (word ?? "") + (literal ? `\\${next}` : next);
    } else if (quote === undefined && (letter === "'" || letter === '"')) {
      quote = letter;
      word ??= "";
    } else if (letter === quote) {
      quote = undefined;
    } else {
      word = (word ?? "") + letter;
    }
  }
  if (quote !== undefined) throw malformed(`has an open ${quote}`);
  if (word !== undefined) words.push(word);
  const [first, ...rest] = words;
  if (first === undefined) throw malformed("is empty");
  return [first, ...rest];
}

// The command itself stays out of the message: people write secrets into it.
function malformed(what: string): ClawbackError {
  return new ClawbackError("E_USAGE", `the password command ${what}`);
}

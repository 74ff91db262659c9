/** A string in a JSON or JSON5 text: where it stands, quotes included, and what it is. */
export interface StringToken {
  start: number;
  end: number;
  /** `agents.entries.ops.workspace`; of a key, the object that has it. */
  at: string;
}

interface Frame {
  isObject: boolean;
  /** Of an object: the key whose value is next; undefined while a key is. */
  key: string | undefined;
  index: number;
}

const SPACE_OR_WORD = /[^"'{}[\],:/]+/y;

/**
 * The strings of a text, keys too, with their places in it. Never fails: what is broken is read as
 * far as it makes sense.
 */
export function* jsonStrings(text: string): Generator<StringToken> {
  const stack: Frame[] = [];
  let position = 0;
  while (position < text.length) {
    const letter = text[position] as string;
    const frame = stack.at(-1);
    if (letter === '"' || letter === "'") {
      const end = endOfString(text, position);
      const isKey = frame?.isObject === true && frame.key === undefined;
      yield { start: position, end, at: placeIn(isKey ? stack.slice(0, -1) : stack) };
      if (isKey) frame.key = text.slice(position + 1, end - 1);
      position = end;
      continue;
    }
    const comment = endOfComment(text, position);
    if (comment !== undefined) {
      position = comment;
      continue;
    }
    SPACE_OR_WORD.lastIndex = position;
    const word = SPACE_OR_WORD.exec(text)?.[0];
    if (word !== undefined) {
      const name = word.trim();
      if (frame?.isObject === true && frame.key === undefined && name !== "") frame.key = name;
      position += word.length;
      continue;
    }
    if (letter === "{" || letter === "[") {
      stack.push({ isObject: letter === "{", key: undefined, index: 0 });
    } else if (letter === "}" || letter === "]") {
      stack.pop();
    } else if (letter === "," && frame !== undefined) {
      frame.key = undefined;
      frame.index += 1;
    }
    position += 1;
  }
}

function endOfString(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === quote) return at + 1;
  }
  return text.length;
}

function endOfComment(text: string, at: number): number | undefined {
  const end = text.startsWith("//", at) ? "\n" : text.startsWith("/*", at) ? "*/" : undefined;
  if (end === undefined) return undefined;
  const found = text.indexOf(end, at + 2);
  return found < 0 ? text.length : found + end.length;
}

function placeIn(stack: readonly Frame[]): string {
  return stack.map(({ isObject, key, index }) => (isObject ? (key ?? "") : index)).join(".");
}

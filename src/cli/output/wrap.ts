import { displayWidth } from "./table.ts";

/**
 * Breaks a text at its spaces so that no line is wider than the terminal; a word that is wider
 * stands alone. Without a width (a pipe) it stays one line.
 *
 * @param hanging what every line but the first begins with
 */
export function wrap(text: string, width: number | undefined, hanging = ""): string[] {
  if (width === undefined) return [text];
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && displayWidth(`${line} ${word}`) <= width) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else {
      lines.push(line === undefined ? word : hanging + word);
    }
  }
  return lines;
}

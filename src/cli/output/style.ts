import { styleText } from "node:util";

/** Colours by meaning. Without colour every function gives its text back. */
export interface Style {
  heading: (text: string) => string;
  strong: (text: string) => string;
  faint: (text: string) => string;
  good: (text: string) => string;
  warning: (text: string) => string;
  bad: (text: string) => string;
  /** Something to type. */
  command: (text: string) => string;
}

type Format = Parameters<typeof styleText>[0];

export function createStyle(colour: boolean): Style {
  const paint = (format: Format) => (text: string) =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  return {
    heading: paint("bold"),
    strong: paint("bold"),
    faint: paint("dim"),
    good: paint("green"),
    warning: paint("yellow"),
    bad: paint("red"),
    command: paint("cyan"),
  };
}

/**
 * Whether a stream gets colour: FORCE_COLOR, then NO_COLOR (https://no-color.org: any value that is
 * not empty), then whether it is a terminal that can.
 */
export function wantsColour(
  stream: { isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const force = env["FORCE_COLOR"];
  if (force !== undefined && force !== "") return force !== "0" && force !== "false";
  if (env["NO_COLOR"]) return false;
  return stream.isTTY === true && env["TERM"] !== "dumb";
}

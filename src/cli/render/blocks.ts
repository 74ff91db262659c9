import type { PathProblem } from "../../operations/documents.ts";
import type { View } from "../command.ts";
import { printable } from "../output/format.ts";

/** A titled paragraph, indented; nothing when it would be empty. */
export function section(title: string, body: string, { style }: View): string[] {
  if (body === "") return [];
  return [
    "",
    style.heading(title),
    ...body.split("\n").map((line) => (line === "" ? "" : `  ${line}`)),
  ];
}

/** Worth knowing, and nothing is wrong. */
export function noteLines(notes: readonly string[], { style }: View): string[] {
  if (notes.length === 0) return [];
  return ["", ...notes.map((note) => `${style.strong("i")} ${printable(note)}`)];
}

export function warningLines(warnings: readonly string[], { style }: View): string[] {
  if (warnings.length === 0) return [];
  return ["", ...warnings.map((warning) => `${style.warning("!")} ${printable(warning)}`)];
}

/** Every file that failed is named: a list that is cut short hides the one that matters. */
export function problemLines(problems: readonly PathProblem[], { style }: View): string {
  return problems
    .map(({ path, message }) => `${style.bad("✗")} ${printable(path)}: ${printable(message)}`)
    .join("\n");
}

/** What to do next. */
export function nextStep(what: string, command: string, { style }: View): string[] {
  return ["", `${style.faint(what)} ${style.command(command)}`];
}

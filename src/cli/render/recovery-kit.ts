import type { View } from "../command.ts";
import type { RecoveryKit } from "../../operations/documents.ts";
import { printable } from "../output/format.ts";

/** A kit as it may be printed: agents and CI keep logs, so the phrase is there only on demand. */
export type PrintedKit = Omit<RecoveryKit, "phrase"> & { phrase?: string };

export function printedKit({ phrase, ...kit }: RecoveryKit, showPhrase: boolean): PrintedKit {
  return showPhrase && phrase !== null ? { ...kit, phrase } : kit;
}

export function renderRecoveryKit(kit: PrintedKit, view: View): string {
  const { style } = view;
  return [
    `repository  ${printable(kit.location)}`,
    `id          ${kit.repositoryId}`,
    ...(kit.program === null ? [] : [`program     ${printable(kit.program)}`]),
    "",
    ...secret(kit, view),
    "",
    `On a new machine, beside a file ${kit.passwordFile} with the ${kit.phraseFile === null ? "password" : "phrase, on one line"}:`,
    ...commandsOf(kit)
      .filter(([, commands]) => commands.length > 0)
      .flatMap(([needs, commands]) => [
        `  ${needs}`,
        ...commands.map((command) => `    ${style.command(command)}`),
      ]),
    "If the repository lies elsewhere there, type that path instead.",
  ].join("\n");
}

/** By the program that a new machine needs for them. */
function commandsOf({ commands }: PrintedKit): [needs: string, commands: string[]][] {
  const ofRestic = commands.filter((command) => command.startsWith("restic "));
  const own = commands.filter((command) => !ofRestic.includes(command));
  return [
    ["With restic, 0.14 or newer:", ofRestic],
    ["With Node.js 24.16 or newer and the copy of the program:", own],
  ];
}

function secret({ phrase, phraseFile }: PrintedKit, { style }: View): string[] {
  const warning = style.warning(
    "Without it nobody can read the backups: keep it on paper, elsewhere.",
  );
  if (phrase !== undefined)
    return [
      "The phrase:",
      ...phraseLines(phrase),
      "It is the password: type all 24 words in lower case, one space between two.",
      warning,
    ];
  if (phraseFile === null) return ["It opens with a password of your own.", warning];
  return [
    `The phrase of 24 words is in ${style.strong(printable(phraseFile))}`,
    warning,
    `To copy it: ${style.command("clawback key export")}`,
  ];
}

/** Numbered, four a line: easier to copy by hand, and to see that none is missing. */
function phraseLines(phrase: string): string[] {
  const words = phrase.split(" ").map((word, at) => `${`${at + 1}`.padStart(2)} ${word.padEnd(9)}`);
  const lines: string[] = [];
  for (let at = 0; at < words.length; at += 4) {
    lines.push(
      `  ${words
        .slice(at, at + 4)
        .join(" ")
        .trimEnd()}`,
    );
  }
  return lines;
}

import type { Command } from "commander";
import { ClawbackError } from "../../errors.ts";
import type { Runner } from "../command.ts";
import { parsePointInTime } from "../point-in-time.ts";
import type { SessionsDocument } from "../../operations/sessions/document.ts";

interface Options {
  at?: string;
  online?: true;
}

export function addSessions(program: Command, run: Runner): void {
  program
    .command("sessions")
    .summary("judge what becomes of each channel's session")
    .description(
      "Says of every messaging channel whether its session survives a move or a restore, on what condition, and how that was found out: of the live instance, or of a snapshot. Reads only; no service is asked unless --online.",
    )
    .argument("[snapshot]", "an id, its beginning, or latest; none: the live instance")
    .option("--at <time>", 'of the latest snapshot until then, such as "yesterday 14:00"')
    .option("--online", "ask Telegram, Discord, Slack and Matrix whom the tokens belong to")
    .action(
      run<Options>(async (context, { at, online = false }, [snapshot]) => {
        if (at !== undefined && snapshot !== undefined) {
          throw new ClawbackError("E_USAGE", "a snapshot and --at cannot be given together", {
            hint: "Leave one of them out.",
          });
        }
        const { sessions } = await import("../../operations/sessions.ts");
        const { renderSessions } = await import("../render/sessions.ts");
        const wanted = at === undefined ? snapshot : await parsePointInTime(at, context.now());
        const document: SessionsDocument = await sessions(context, { snapshot: wanted, online });
        return { document, text: (view) => renderSessions(document, view) };
      }),
    );
}

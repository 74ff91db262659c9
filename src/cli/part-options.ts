import { Option } from "commander";
import { COMPONENTS } from "../openclaw/rules.ts";
import { collectList } from "./command.ts";

/** What `--component` means where a database holds several. */
export const SHARED_DATABASE_HELP = `
Several components may lie in one database as rows: in newer releases of OpenClaw
the cron jobs live in state/openclaw.sqlite together with credentials and sessions.
Then --component cron means the whole of that database.`;

/** `--component <name>` */
export function componentOption(): Option {
  const names = COMPONENTS.join(", ");
  return new Option(
    "--component <name>",
    `only this component (${names}); repeat for several`,
  ).argParser(collectList);
}

/** `--agent <id>` */
export function agentOption(): Option {
  return new Option(
    "--agent <id>",
    "only what belongs to this agent alone; repeat for several",
  ).argParser(collectList);
}

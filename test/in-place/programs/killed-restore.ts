/**
 * A restore in place that ends as in a power cut. Arguments: the root of the household; the step of
 * the transaction before which it ends, by its number or its name, or `at` and milliseconds from the beginning of the build, or
 * `never`. Prints the number of steps when it lives to its end.
 */
import { join } from "node:path";
import { executePlan } from "../../../src/operations/in-place/execute.ts";
import { planRestore } from "../../../src/operations/in-place/plan.ts";
import { DEFAULTS, contextAt } from "../here.ts";

const [root = "", when = "", ms] = process.argv.slice(2);
const context = contextAt(root, join(root, "home"), join(root, "disk/repository"));
const plan = await planRestore(context, DEFAULTS);
let steps = 0;
if (when === "at") setTimeout(() => process.kill(process.pid, "SIGKILL"), Number(ms));
const onStep = (what: string) => {
  steps += 1;
  if (steps === Number(when) || what === when) process.kill(process.pid, "SIGKILL");
};
await executePlan(context, plan, { onStep });
process.stdout.write(String(steps));
process.exit(0);

/**
 * The process in a box: the first one there, so that all others end with it. It does what it is
 * asked for once and tells; when whoever asked is gone, so is the box.
 */
import { messageOf } from "../errors.ts";
import { boot } from "./boot.ts";
import { runCommand } from "./command.ts";
import { killAllGroups } from "./process-group.ts";
import type { Order, Report } from "./orders.ts";

process.on("disconnect", () => {
  killAllGroups();
  process.exit();
});
process.once("message", (order: Order) => {
  void fulfil(order)
    .catch((error: unknown): Report => ({ report: "failed", message: messageOf(error) }))
    .then((report) => process.send?.(report, undefined, {}, () => process.disconnect()));
});

async function fulfil(order: Order): Promise<Report> {
  if (order.order === "run") return { report: "ran", result: await runCommand(order.words, order) };
  return { report: "booted", facts: await boot(order) };
}

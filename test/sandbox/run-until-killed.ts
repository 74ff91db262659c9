/** A process of its own that has something run in a box for a minute: `node … <house's top> <code>`. */
import { Sandbox } from "../../src/sandbox/sandbox.ts";
import { houseAt } from "./house.ts";

const [top = "", user = "", code = ""] = process.argv.slice(2);
const { copy, program, scratch } = houseAt(top);
const sandbox = await Sandbox.open({
  copy,
  openclaw: program,
  isolation: { kind: "namespaces", user: user === "true" },
  scratch,
  signal: new AbortController().signal,
});
await sandbox.run([code], { timeoutMs: 60_000 });

import { expect, test } from "vitest";
import type { DrillCheck, DrillDocument } from "../../operations/drill/document.ts";
import type { View } from "../command.ts";
import { createStyle } from "../output/style.ts";
import { renderDrill } from "./drill.ts";

const view: View = { style: createStyle(false), width: 80, now: new Date(), verbose: false };
const well: DrillCheck = {
  name: "files",
  level: "content",
  ok: true,
  evidence: "12 files read back",
  details: ["a particular"],
};
const proven: DrillDocument = {
  ok: true,
  verdict: "proven",
  level: "content",
  wanted: "application",
  snapshot: { id: "40247b49".repeat(8), shortId: "40247b49", time: "2026-09-06T14:03:00Z" },
  checks: [well],
  reasons: [],
  channels: [],
  duration: 3.2,
  record: { id: "1f".repeat(32) },
};

test("what is proven is said in a line a check, and what comes next", () => {
  expect(renderDrill(proven, view)).toBe(
    [
      "✓ snapshot 40247b49 is proven (content) in 3.2 s",
      "",
      "Content: restored and read back",
      "  ✓ 12 files read back",
      "",
      "Start the real OpenClaw from it: clawback drill 40247b49 --boot",
    ].join("\n"),
  );
  expect(renderDrill(proven, { ...view, verbose: true })).toContain("a particular");
  expect(renderDrill({ ...proven, level: "boot" }, view)).not.toContain("--boot");
});

test("what is wrong is named, every instance of it, and control characters are spelled out", () => {
  const check = {
    name: "files",
    level: "content",
    ok: false,
    evidence: "2 items came back other than they were",
    details: ["/a: it is not there", "/b\u001b[2J: it leads elsewhere"],
  } as const;
  const text = renderDrill(
    {
      ...proven,
      ok: false,
      verdict: "failed",
      checks: [{ ...check, details: [...check.details] }],
      reasons: ["2 items came back other than they were: /a: it is not there"],
      record: null,
    },
    view,
  );
  expect(text).toMatch(/^✗ snapshot 40247b49 failed \(content\)/);
  expect(text).toContain("! 2 items came back other than they were: /a: it is not there");
  expect(text).toContain("    /a: it is not there");
  expect(text).toContain(String.raw`/b\u001b[2J: it leads elsewhere`);
  expect(text).toContain("the verdict could not be kept");
});

test("a channel that does not simply come along says what must hold", () => {
  const channel = {
    channel: "whatsapp",
    account: "default",
    verdict: "survives if",
    conditions: ["the old side never runs again"],
    evidence: [],
    where: "/w",
    newest: null,
    ratchets: true,
    paths: [],
    afterwards: "",
  } as const;
  const channels = [{ ...channel, conditions: [...channel.conditions], evidence: [], paths: [] }];
  expect(renderDrill({ ...proven, channels }, view)).toMatch(
    /whatsapp {2}default {2}survives if {2}the old side never runs again/,
  );
});

import { readFile, stat } from "node:fs/promises";
import type { CopyEntry } from "./copy-entries.ts";
import { rewriteJson, rewriteText, total } from "./json-text.ts";
import type { Rewritten } from "./json-text.ts";
import { remember } from "./pass.ts";
import type { Pass } from "./pass.ts";
import type { PathMatcher } from "./path-matcher.ts";
import { replaceContent } from "./replace-content.ts";
import { isCalled, mayBeCalled } from "./called-scripts.ts";
import { treatmentOf } from "./treatment.ts";
import type { Treatment } from "./treatment.ts";

const MAX_BYTES = 64 << 20;
const COMMENT = "a comment";
const ELSEWHERE = "the same path on another machine";

/** What an entry's file is, and what it says. */
interface Look {
  text: string;
  treatment: Treatment;
}

/** Rewrites a file that is no database, if it is one of those that are, or tells of it. */
export async function mapFile(entry: CopyEntry, pass: Pass): Promise<void> {
  const { path, at } = entry;
  const look = await lookAt(entry, pass);
  if (look === undefined) return;
  const { text, treatment } = look;
  const isWords = treatment.how === "words";
  if (treatment.how === "none" || (isWords && pass.words !== "rewrite")) {
    const { count } = pass.matcher.rewrite(text);
    if (count > 0) pass.tally.left(path, "", treatment.why, count);
    return;
  }
  const written = rewriteAs(treatment, text, path, pass.matcher);
  if (written.elsewhere > 0) pass.tally.left(path, "", ELSEWHERE, written.elsewhere);
  if (written.comments > 0) pass.tally.left(path, "", COMMENT, written.comments);
  if (total(written.counts) === 0) return;
  pass.tally.rewritten(path, isWords ? "json" : treatment.kind, written.counts);
  if (!isWords) remember(pass, text);
  if (pass.stage === "write") await replaceContent(at, written.text);
}

async function lookAt({ root, below, path, at }: CopyEntry, pass: Pass): Promise<Look | undefined> {
  const { size, mode } = await stat(at);
  const treatment = treatmentOf(root, below);
  const isPlain = treatment.how === "none" || treatment.how === "words";
  if (isPlain && pass.words === "skip" && !mayBeCalled({ path, mode }, pass.known))
    return undefined;
  if (size > MAX_BYTES) {
    pass.tally.left(path, "", "larger than 64 MiB; not looked into", 0);
    return undefined;
  }
  const bytes = await readFile(at);
  if (!pass.matcher.mayHold(bytes)) return undefined;
  const text = bytes.toString("utf8");
  const isText =
    !bytes.includes(0) && Buffer.byteLength(text) === size && !text.includes("\u{FFFD}");
  if (!isText) return { text, treatment: { how: "none", why: "no text; not touched" } };
  const runs = treatment.how === "words" && isCalled({ path, mode }, text, pass.known);
  return { text, treatment: runs ? { how: "text", kind: "script" } : treatment };
}

function rewriteAs(
  treatment: Treatment,
  text: string,
  path: string,
  matcher: PathMatcher,
): Rewritten {
  if (treatment.how === "json") return rewriteJson(text, matcher);
  if (!/\.jsonl(?:\.|$)/.test(path)) return rewriteText(text, matcher);
  const lines = text.split("\n").map((line) => rewriteText(line, matcher));
  return {
    text: lines.map((line) => line.text).join("\n"),
    counts: new Map([["", lines.reduce((sum, { counts }) => sum + total(counts), 0)]]),
    elsewhere: lines.reduce((sum, line) => sum + line.elsewhere, 0),
    comments: 0,
  };
}

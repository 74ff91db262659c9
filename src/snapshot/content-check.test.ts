import fc from "fast-check";
import JSON5 from "json5";
import { expect, test } from "vitest";
import { ContentCheck } from "./content-check.ts";
import type { ContentFinding, ContentFormat } from "./content-format.ts";

const check = new ContentCheck();
const well = { lines: 0, damaged: 0, unfinished: false };

/** @param cuts bytes of the pieces that the content comes in; the rest in one */
function find(
  format: ContentFormat,
  content: string | Uint8Array,
  cuts: number[] = [],
): ContentFinding {
  const bytes = Buffer.from(content);
  check.begin(format);
  let at = 0;
  for (const cut of cuts) check.add(bytes.subarray(at, (at += cut)));
  check.add(bytes.subarray(at));
  return check.finish();
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What JSON is made of, and what looks like it. */
const LETTERS = '{}[],:"\\-.eE0123nulltrue \n\r\t\u00a0\ufeff/+ab\u0000\u001f';
const cuts = fc.array(fc.nat(12), { maxLength: 30 });
/** JSON, with and without white space, some of it mutilated. */
const nearlyJson = fc
  .tuple(
    fc.oneof(fc.json({ maxDepth: 4 }), fc.json({ stringUnit: "binary" })),
    fc.constantFrom(undefined, " ", "\t", "  "),
    fc.option(fc.tuple(fc.nat(), fc.nat(3), fc.string({ unit: "binary-ascii", maxLength: 2 }))),
    fc.option(fc.constantFrom(...LETTERS.split(""))),
  )
  .map(([json, indent, cut, letter]) => {
    const text = JSON.stringify(JSON.parse(json) as unknown, undefined, indent);
    if (cut === null) return text;
    const [where, gone, instead] = cut;
    const at = where % (text.length + 1);
    return text.slice(0, at) + (letter ?? instead) + text.slice(at + gone);
  });

test("what parses as JSON is what JSON.parse takes", () => {
  let damaged = 0;
  fc.assert(
    fc.property(nearlyJson, cuts, (text, pieces) => {
      const found = find("json", text, pieces);
      damaged += found.damaged;
      expect(found.damaged === 0, JSON.stringify(text)).toBe(parses(text));
    }),
    { numRuns: 5000 },
  );
  expect(damaged).toBeGreaterThan(500);
});

test.each([
  ..."0 -0 1 10 0.5 -1.25e+10 1E5 1e-0 true false null [] {} [[],{}]".split(" "),
  '"\\u00e9\\n\\"\\\\\\/\\b\\f\\r\\t"',
  '{"a":[1,{"b":null}],"":""}',
  " \t\r\n[ 1 , 2 ] \n",
  '"\u2028\u007f"',
])("%j is JSON", (text) => {
  expect(parses(text)).toBe(true);
  expect(find("json", text)).toEqual(well);
});

test.each([
  ..."- 01 -01 1. .5 1e 1e+ +1 1a tru truee nul [1,] [,] [1 {,} {} {a:1} {'a':1} ] } , : NaN Infinity"
    .split(" ")
    .filter((text) => text !== "{}"),
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  '{"a":1]',
  "[1}",
  "1 2",
  '"\t"',
  '"\\x"',
  '"\\u12g4"',
  '"a',
  "\ufeff{}",
  "\u00a01",
  "// comment\n{}",
  "\u0000",
])("%j is no JSON", (text) => {
  expect(parses(text)).toBe(false);
  expect(find("json", text)).toMatchObject({ damaged: 1, lines: 0, unfinished: false });
});

test("where JSON goes wrong is told, what stands there is not", () => {
  expect(find("json", '{"token": secret}').problem).toBe("it is not JSON from byte 10 on");
  expect(find("json", '{"token": "secret').problem).toBe("it breaks off: not JSON");
  expect(find("json", "  \n").problem).toBe("it is empty");
  expect(find("json5", "{\n  token: secret }").problem).toBe(
    "it is not JSON5 at line 2, column 10",
  );
});

test("json5 takes what JSON5 takes", () => {
  const config = "// mine\n{ agents: { list: [1, 2,], }, name: 'a', n: +0x1F }";
  expect(find("json5", config, [3, 20])).toEqual(well);
  fc.assert(
    fc.property(fc.json(), (json) => {
      const text = JSON5.stringify(JSON.parse(json) as unknown, undefined, 1);
      expect(find("json5", text)).toEqual(well);
    }),
  );
});

test("json5 of more than 1 MiB is taken when it is JSON, and not judged otherwise", () => {
  const list = JSON.stringify(Array.from({ length: 200_000 }, () => 12_345));
  expect(find("json5", list)).toEqual(well);
  expect(find("json5", `${list.slice(0, -1)},]`)).toEqual({
    ...well,
    problem: "it is no JSON, and too large to be tried as JSON5",
  });
});

test("lines are counted, damaged ones and the unfinished last one told apart", () => {
  fc.assert(
    fc.property(fc.array(nearlyJson), fc.boolean(), cuts, (values, ends, pieces) => {
      const text = values.join("\n") + (ends ? "\n" : "");
      const all = text.split("\n");
      const last = all.pop() as string;
      const blank = (line: string) => /^[ \t\r]*$/.test(line);
      const told = all.filter((line) => !blank(line));
      const damaged = told.filter((line) => !parses(line)).length;
      const whole = !blank(last) && parses(last) ? 1 : 0;
      expect(find("jsonl", text, pieces)).toMatchObject({
        lines: told.length + whole,
        damaged,
        unfinished: !blank(last) && whole === 0,
      });
    }),
    { numRuns: 1000 },
  );
});

test("the first damaged line is named", () => {
  expect(find("jsonl", '{"a":1}\n\noops\r\n{"b":2}\r\n')).toEqual({
    lines: 3,
    damaged: 1,
    unfinished: false,
    problem: "line 3 is not JSON",
  });
  expect(find("jsonl", '{"a\n{"b":"\n{}\n{"c').problem).toBe(
    "2 of 3 lines are not JSON, the first of them line 1",
  );
});

test("one file's bytes are not the next one's", () => {
  find("jsonl", '{"a": [[[[ "');
  expect(find("jsonl", "{}\n")).toEqual({ ...well, lines: 1 });
  find("json", "[[[");
  expect(find("json", "{}")).toEqual(well);
});

test("a line longer than any string, and one nested deeper than any stack, take no memory", () => {
  const block = Buffer.alloc(8 << 20, "x");
  const before = process.memoryUsage();
  check.begin("jsonl");
  check.add(Buffer.from('"'));
  for (let i = 0; i < 80; i++) check.add(block);
  check.add(Buffer.from('"\n'));
  block.fill("[");
  for (let i = 0; i < 20; i++) check.add(block);
  check.add(Buffer.from("\n[]\n"));
  expect(check.finish()).toMatchObject({ lines: 3, damaged: 1, problem: "line 2 is not JSON" });
  const after = process.memoryUsage();
  expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(8 << 20);
});

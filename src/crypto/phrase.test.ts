import { expect, test } from "vitest";
import { explainPhrase, generatePhrase, normalizePhrase } from "./phrase.ts";

const phrase = `${"abandon ".repeat(23)}art`;

test("a fresh phrase is valid, canonical and another each time", () => {
  const fresh = generatePhrase();
  expect(fresh.split(" ")).toHaveLength(24);
  expect(normalizePhrase(fresh)).toBe(fresh);
  expect(explainPhrase(fresh)).toBeUndefined();
  expect(generatePhrase()).not.toBe(fresh);
});

test("case and white space do not matter", () => {
  const typed = `\ufeff \n${phrase.toUpperCase().replaceAll(" ", "\r\n\t ")}\n`;
  expect(normalizePhrase(typed)).toBe(phrase);
  expect(normalizePhrase(phrase.replaceAll(" ", "\u00a0"))).toBe(phrase);
});

test.each([
  ["", "has 24 words; this has 0"],
  [phrase.slice(0, -4), "has 24 words; this has 23"],
  [`${"abandon ".repeat(11)}about`, "has 24 words; this has 12"],
  [phrase.replace("abandon", "abbandon"), "Word 1 is not"],
  [phrase.replace("abandon", "abbandon").replace("art", "arrt"), "Words 1 and 24 are not"],
  [phrase.replace("art", "able"), "do not belong together"],
])("%j is explained", (text, message) => {
  expect(normalizePhrase(text)).toBeUndefined();
  const explained = explainPhrase(text);
  expect(explained).toContain(message);
  expect(explained).not.toMatch(/abbandon|arrt|\bable\b/);
});

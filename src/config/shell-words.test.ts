import fc from "fast-check";
import { expect, test } from "vitest";
import { shellWords } from "./shell-words.ts";

test.each([
  ["pass show backup", ["pass", "show", "backup"]],
  ["  gpg\t-d  file ", ["gpg", "-d", "file"]],
  [`sh -c 'echo "a b" $HOME'`, ["sh", "-c", 'echo "a b" $HOME']],
  [`a"b c"d`, ["ab cd"]],
  [String.raw`my\ file "say \"hi\" \n" 'it'\''s'`, ["my file", String.raw`say "hi" \n`, "it's"]],
  [`cat ''`, ["cat", ""]],
])("%s", (command, words) => {
  expect(shellWords(command)).toEqual(words);
});

test.each([
  ["'open", "has an open '"],
  ['a "b', 'has an open "'],
  ["a\\", "ends in a backslash"],
  ["  ", "is empty"],
])("refuses %j without repeating it", (command, reason) => {
  expect(() => shellWords(command)).toThrow(
    expect.objectContaining({ code: "E_USAGE", message: `the password command ${reason}` }),
  );
});

test("whatever is quoted comes back as it was", () => {
  const quote = (word: string) => `'${word.replaceAll("'", String.raw`'\''`)}'`;
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" }), { minLength: 1 }), (words) => {
      expect(shellWords(words.map(quote).join(" "))).toEqual(words);
    }),
  );
});

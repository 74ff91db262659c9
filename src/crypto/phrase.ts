import { generateMnemonic, validateMnemonic } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";

const WORDS = 24;
const ENTROPY_BITS = 256;
const known = new Set(wordlist);

/** A fresh recovery phrase: 24 English words of BIP 39, 256 bits and a checksum of 8. */
export function generatePhrase(): string {
  return generateMnemonic(wordlist, ENTROPY_BITS);
}

/**
 * The phrase in the one spelling that is a password (lower case, single spaces), from whatever case
 * and white space somebody typed or pasted; undefined when it is no valid phrase.
 */
export function normalizePhrase(text: string): string | undefined {
  const words = wordsOf(text);
  const phrase = words.join(" ");
  return words.length === WORDS && validateMnemonic(phrase, wordlist) ? phrase : undefined;
}

/**
 * What keeps a text from being a phrase, in a sentence that names places, never words: it may land
 * in a log. Undefined when the phrase is valid.
 */
export function explainPhrase(text: string): string | undefined {
  const words = wordsOf(text);
  if (words.length !== WORDS) {
    return `A recovery phrase has ${WORDS} words; this has ${words.length}.`;
  }
  const unknown = words.flatMap((word, index) => (known.has(word) ? [] : [index + 1]));
  if (unknown.length > 0) {
    const places = new Intl.ListFormat("en").format(unknown.map(String));
    return unknown.length === 1
      ? `Word ${places} is not in the list of recovery words: check its spelling.`
      : `Words ${places} are not in the list of recovery words: check their spelling.`;
  }
  return normalizePhrase(text) === undefined
    ? "All words are known, but they do not belong together: one is another, or two are swapped."
    : undefined;
}

function wordsOf(text: string): string[] {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .split(/\s+/u)
    .filter((word) => word !== "");
}

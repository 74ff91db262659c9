const WORDS =
  "the a of and to in my we you when before after garden kettle tea letter train harbour window " +
  "rain bread lantern piano bicycle map clock ladder river market basket quiet early late warm " +
  "cold small green broken borrowed remembered planted painted mended counted carried asked found " +
  "lost wrote called waited answered opened closed tomorrow yesterday morning evening Tuesday " +
  "reminder appointment invoice recipe neighbour cousin dentist library passport holiday receipt " +
  "because although perhaps never always again soon already please thank list note photo";

const VOCABULARY = WORDS.split(" ");

/** Made-up sentences, the same for the same seed; they compress about as well as chat does. */
export class Prose {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** About so many bytes. */
  text(bytes: number): string {
    let text = "";
    while (text.length < bytes) text += `${this.#sentence()} `;
    return text.trimEnd();
  }

  /** From 0 to below `limit`. */
  number(limit: number): number {
    // Numerical Recipes' linear congruential generator; its upper bits are the better ones.
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  #sentence(): string {
    const words = Array.from(
      { length: 6 + this.number(9) },
      () => VOCABULARY[this.number(VOCABULARY.length)],
    );
    const sentence = words.join(" ");
    return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
  }
}

export type Outcome<T> = { result: T } | { error: unknown };

/** Waits for work to end, in whatever way. */
export async function settle<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { result: await work() };
  } catch (error) {
    return { error };
  }
}

/** The least that an attempt took, in ms, of up to ten: a busy machine may hold one of them up, and hardly all. */
export async function leastMs(
  limitMs: number,
  attempt: (number: number) => Promise<number>,
): Promise<number> {
  let least = Infinity;
  for (let number = 0; number < 10 && least >= limitMs; number += 1)
    least = Math.min(least, await attempt(number));
  return least;
}

const times = 8;

/**
 * How much faster than its input the time of `run` grows, from an eighth of `size` to `size`: about 1 when linear, about
 * 8 when quadratic. The least of several rounds counts, so that other load on the machine does not.
 */
export function growth<T>(make: (size: number) => T, size: number, run: (input: T) => void): number {
  const [part, whole] = [make(size / times), make(size)];
  let [partMs, wholeMs] = [Infinity, Infinity];
  for (let round = 0; round < 3; round += 1) {
    partMs = Math.min(
      partMs,
      timeOf(() => run(part)),
    );
    wholeMs = Math.min(
      wholeMs,
      timeOf(() => run(whole)),
    );
  }
  // Nothing quadratic gets through 100 kB in so little, and below it the clock and the collector decide.
  return wholeMs < 20 ? 1 : wholeMs / partMs / times;
}

function timeOf(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

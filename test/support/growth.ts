/**
 * How many times longer `run` takes on an input of `size` than on half of it: about 2 when linear, 4 when quadratic.
 * The least of several rounds counts, so that other load on the machine does not.
 */
export function growth<T>(make: (size: number) => T, size: number, run: (input: T) => void): number {
  const [half, whole] = [make(size / 2), make(size)];
  run(half);
  let [halfMs, wholeMs] = [Infinity, Infinity];
  for (let round = 0; round < 3; round += 1) {
    halfMs = Math.min(
      halfMs,
      timeOf(() => run(half)),
    );
    wholeMs = Math.min(
      wholeMs,
      timeOf(() => run(whole)),
    );
  }
  // Below a millisecond the clock and the collector decide, not the algorithm.
  return wholeMs < 1 ? 1 : wholeMs / Math.max(halfMs, 0.05);
}

function timeOf(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

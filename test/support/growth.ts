import { readFileSync } from "node:fs";

const times = 8;
const mostRounds = 12;

/**
 * How much faster than its input the time of `run` grows, from an eighth of `size` to `size`: about 1 when linear, about
 * 8 when quadratic. The least of up to twelve rounds counts, so that other load on the machine does not.
 */
export function growth<T>(make: (size: number) => T, size: number, run: (input: T) => void): number {
  const [part, whole] = [make(size / times), make(size)];
  let [partMs, wholeMs] = [Infinity, Infinity];
  for (let round = 0; round < mostRounds; round += 1) {
    partMs = Math.min(
      partMs,
      Math.max(
        tickMs,
        timeOf(() => run(part)),
      ),
    );
    wholeMs = Math.min(
      wholeMs,
      timeOf(() => run(whole)),
    );
    if (isPlainlyLinear(partMs, wholeMs)) return 1;
    // Noise does not last a second; more rounds would only make a failure slow.
    if (wholeMs > 1000) break;
  }
  return wholeMs / partMs / times;
}

/** The system brings what a thread has spent up to date so seldom: less than this may be told as nothing. */
const tickMs = 4;

/** Nothing quadratic gets through 50 kB in 20 ms, not even a search for a byte: there the clock and the collector decide more than the algorithm. */
function isPlainlyLinear(partMs: number, wholeMs: number): boolean {
  return wholeMs < 20 || wholeMs / partMs / times < 2.5;
}

function timeOf(run: () => void): number {
  const start = cpuMs();
  run();
  return cpuMs() - start;
}

/** What the processor has spent on this thread, whatever else runs; the clock, where the system does not tell. */
function cpuMs(): number {
  try {
    const [spentNs = ""] = readFileSync("/proc/thread-self/schedstat", "utf8").split(" ");
    return Number(spentNs) / 1e6;
  } catch {
    return performance.now();
  }
}

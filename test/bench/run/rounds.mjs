export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Forwards and backwards in turn: whoever is always last is measured as slower. */
export function orderOf(list, round) {
  const order = [...list.keys()];
  return round % 2 === 0 ? order : order.toReversed();
}

/** One figure of each way for every round, the ways in turn; the first round only warms up. */
export async function inTurn(ways, rounds, measure) {
  const all = [];
  for (let round = 0; round <= rounds; round += 1) {
    const figures = [];
    for (const way of ways) figures.push(await measure(way));
    all.push(figures);
  }
  return all.slice(1);
}

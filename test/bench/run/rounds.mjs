export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Forwards and backwards in turn: whoever is always last is measured as slower. */
export function orderOf(list, round) {
  const order = [...list.keys()];
  return round % 2 === 0 ? order : order.toReversed();
}

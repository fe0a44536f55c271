/** "950", "12.3 k", "4.56 M", "1.2 G": a count of tokens in three digits. */
export function countText(count: number): string {
  const units = ["", " k", " M", " G"];
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  if (unit === 0) return String(Math.round(value));
  return `${value >= 99.95 ? Math.round(value) : value.toFixed(1)}${units[unit] ?? ""}`;
}

/** "1 error", "2 errors". */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

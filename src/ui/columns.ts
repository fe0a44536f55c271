import { displayWidth } from "./width.ts";

/**
 * Rows in left-aligned columns, two spaces apart. By hand and without cli-table3, because a pool may have a thousand
 * rows and that library takes longer than everything else together.
 * `paint` colours a cell after its width is known.
 */
export function columnText(
  rows: readonly (readonly string[])[],
  paint: (cell: string, row: number, column: number) => string = (cell) => cell,
): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell));
    });
  }
  const lines = rows.map((row, index) =>
    row
      .map(
        (cell, column) => paint(cell, index, column) + " ".repeat((widths[column] ?? 0) - displayWidth(cell)),
      )
      .join("  ")
      .trimEnd(),
  );
  return lines.join("\n");
}

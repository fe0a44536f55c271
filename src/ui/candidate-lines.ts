import { columnText } from "./columns.ts";
import { safeText } from "./safe-text.ts";
import type { Ui } from "./ui.ts";
import { clip } from "./width.ts";

interface Candidate {
  row: number;
  name: string;
  active: boolean;
  tier: string;
  score: number;
  pace: number;
  room: number;
  isChosen: boolean;
  reason: string;
}

/** The ranking as a table, best first, with the parts of every score. */
export function candidateLines(candidates: readonly Candidate[], ui: Ui): string {
  const head = ["", "#", "ACCOUNT", "SCORE", "= PACE", "x ROOM", "WHY"];
  const nameColumns = Math.max(16, ui.columns - 56);
  const rows = candidates.map((each) => {
    const isScored = each.tier !== "unusable";
    return [
      each.active ? "*" : "",
      String(each.row),
      clip(safeText(each.name), nameColumns, ui.isUnicode ? "…" : "..."),
      isScored ? each.score.toFixed(2) : "",
      isScored ? each.pace.toFixed(2) : "",
      isScored ? each.room.toFixed(2) : "",
      safeText(each.reason),
    ];
  });
  return columnText([head, ...rows], (cell, row) => {
    if (row === 0) return ui.dim(cell);
    return candidates[row - 1]?.isChosen ? ui.bold(cell) : cell;
  });
}

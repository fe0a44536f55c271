import { damagedLines, isDamagedJson } from "../../store/kept-figures.ts";
import type { Check } from "../check.ts";

/** No credentials are in them, and both grow again by themselves. */
export const figuresDamaged: Check = {
  id: "figures_damaged",
  area: "store",
  severity: "info",
  title: "limits.json or history.jsonl is damaged",
  look: ({ fx: { fs }, paths: { usageFile, historyFile } }) => {
    const limits = {
      message: `${usageFile} is damaged: what was known about limits is forgotten until it is asked for again.`,
      fix: "codex auth check",
    };
    const lines = damagedLines(fs, historyFile);
    const history = {
      message: `${historyFile} has damaged lines (${lines}), which the forecast passes over.`,
      fix: null,
    };
    return [...(isDamagedJson(fs, usageFile) ? [limits] : []), ...(lines > 0 ? [history] : [])];
  },
};

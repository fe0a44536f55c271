import { logsWithEndlessLine } from "../../sessions/endless-lines.ts";
import type { Check } from "../check.ts";
import { moveAside } from "../move-aside.ts";

/** Codex reads the whole line into memory when it lists or resumes the session. */
export const sessionLogEndless: Check = {
  id: "session_log_endless",
  area: "store",
  severity: "warning",
  title: "a session log has a line of more than 64 MB",
  look: ({ fx: { fs }, paths: { codexHome } }) =>
    logsWithEndlessLine([codexHome]).map((path) => ({
      message: `${path} has a line of more than 64 MB, as a damaged disk or another program leaves it: what stands in that line is not counted, and Codex may run out of memory over it.`,
      fix: moveAside(fs, path),
    })),
};

import { fileCheck } from "../check.ts";
import { isoTime } from "./date-line.ts";

/** Nothing is wrong: it explains the first pause of the next Codex, and why a machine without a network fails. */
export const renewalDue = fileCheck({
  id: "renewal_due",
  area: "credentials",
  severity: "info",
  title: "the access token in auth.json has ended and will be renewed",
  look: ({ login }, { nowMs, snapshot }) => {
    const { expiresAtSec, refreshToken } = login ?? {};
    if (!expiresAtSec || !refreshToken || expiresAtSec * 1000 > nowMs || snapshot?.active?.flag) return [];
    const message = "The access token in auth.json has ended; Codex renews it at its next start.";
    return [{ message, evidence: [`ended: ${isoTime(expiresAtSec)}`], fix: "codex auth check" }];
  },
});

import type { Login } from "../../codex/auth-json.ts";
import type { Check } from "../check.ts";
import type { Scene } from "../scene.ts";
import { setClock } from "../set-clock.ts";

const toleranceMs = 5 * 60_000;

/** A token cannot have been issued in the future. Behind time, Codex renews too late: after 401. */
export const clockBehind: Check = {
  id: "clock_behind",
  area: "environment",
  severity: "warning",
  title: "the clock of this machine is behind the times in the logins",
  look: (scene) => {
    const newest = Math.max(...loginsOf(scene).map(issuedAtMs));
    const aheadMs = newest - scene.nowMs;
    if (!(aheadMs > toleranceMs)) return [];
    const message = `The clock of this machine is at least ${Math.floor(aheadMs / 60_000)} min behind: a token was issued after what it calls now. Codex then renews tokens too late.`;
    const evidence = [
      `a token was issued at ${new Date(newest).toISOString()}`,
      `the clock says ${new Date(scene.nowMs).toISOString()}`,
    ];
    return [{ message, evidence, fix: setClock(scene.fx.platform) }];
  },
};

function loginsOf({ snapshot, live }: Scene): Login[] {
  const pooled = snapshot?.pool.accounts.map(({ login }) => login) ?? [];
  return live?.login ? [...pooled, live.login] : pooled;
}

function issuedAtMs({ issuedAtSec }: Login): number {
  return issuedAtSec === null ? -Infinity : issuedAtSec * 1000;
}

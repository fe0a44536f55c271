import type { Login } from "../../codex/auth-json.ts";
import type { DoctorCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { hostOf } from "./network.ts";

const toleranceMs = 5 * 60_000;

/** A token cannot have been issued in the future. Behind time, Codex renews too late: after 401. */
export const clockBehind: DoctorCheck = {
  id: "clock_behind",
  area: "environment",
  severity: "warning",
  title: "the clock of this machine is behind the times in the logins",
  look: (facts) => {
    const newest = Math.max(...loginsOf(facts).map(issuedAtMs));
    const aheadMs = newest - facts.nowMs;
    if (!(aheadMs > toleranceMs)) return [];
    const message = `The clock of this machine is at least ${Math.floor(aheadMs / 60_000)} min behind: a token was issued after what it calls now. Codex then renews tokens too late.`;
    const evidence = [
      `a token was issued at ${new Date(newest).toISOString()}`,
      `the clock says ${new Date(facts.nowMs).toISOString()}`,
    ];
    return [{ message, evidence, command: setClock(facts.ctx.platform) }];
  },
};

function loginsOf({ snapshot, live }: Facts): Login[] {
  const pooled = snapshot?.pool.accounts.map(({ login }) => login) ?? [];
  return live?.login ? [...pooled, live.login] : pooled;
}

function issuedAtMs({ issuedAtSec }: Login): number {
  return issuedAtSec === null ? -Infinity : issuedAtSec * 1000;
}

const skewToleranceMs = 2 * 60_000;

export const clockSkewed: DoctorCheck = {
  id: "clock_skewed",
  area: "network",
  severity: "warning",
  title: "the clock of this machine differs from that of OpenAI",
  isLive: true,
  look: async (facts) => {
    const dated = (await facts.reached()).flatMap((each) =>
      each.kind === "answered" && each.dateMs !== null && !each.isPage
        ? [{ url: each.url, skewMs: facts.nowMs - each.dateMs, dateMs: each.dateMs }]
        : [],
    );
    const [first] = dated;
    if (!first || Math.abs(first.skewMs) <= skewToleranceMs) return [];
    const minutes = Math.round(Math.abs(first.skewMs) / 60_000);
    const message =
      first.skewMs > 0
        ? `The clock of this machine is ${minutes} min ahead: Codex takes valid tokens for ended ones and renews them.`
        : `The clock of this machine is ${minutes} min behind: Codex uses tokens that have ended, and gets 401.`;
    const evidence = [`${hostOf(first.url)} says ${new Date(first.dateMs).toISOString()}`];
    return [{ message, evidence, command: setClock(facts.ctx.platform) }];
  },
};

/** The command that sets the clock from the network. */
function setClock(platform: string): string {
  if (platform === "darwin") return "sudo sntp -sS time.apple.com";
  return platform === "win32" ? "w32tm /resync" : "sudo timedatectl set-ntp true";
}

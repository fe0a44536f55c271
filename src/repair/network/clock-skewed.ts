import type { Check } from "../check.ts";
import { setClock } from "../set-clock.ts";
import { hostOf } from "./origin-text.ts";

const toleranceMs = 2 * 60_000;

export const clockSkewed: Check = {
  id: "clock_skewed",
  area: "network",
  severity: "warning",
  title: "the clock of this machine differs from that of OpenAI",
  isLive: true,
  look: async (scene) => {
    const dated = (await scene.reached()).flatMap((each) =>
      each.kind === "answered" && each.dateMs !== null && !each.isPage
        ? [{ url: each.url, skewMs: scene.nowMs - each.dateMs, dateMs: each.dateMs }]
        : [],
    );
    const [first] = dated;
    if (!first || Math.abs(first.skewMs) <= toleranceMs) return [];
    const minutes = Math.round(Math.abs(first.skewMs) / 60_000);
    const message =
      first.skewMs > 0
        ? `The clock of this machine is ${minutes} min ahead: Codex takes valid tokens for ended ones and renews them.`
        : `The clock of this machine is ${minutes} min behind: Codex uses tokens that have ended, and gets 401.`;
    const evidence = [`${hostOf(first.url)} says ${new Date(first.dateMs).toISOString()}`];
    return [{ message, evidence, fix: setClock(scene.fx.platform) }];
  },
};

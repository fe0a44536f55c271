import { adopt } from "../../pool/adopt.ts";
import type { Snapshot, Transaction } from "../../store/store.ts";
import { fileCheck, type FoundFault } from "../check.ts";
import { hiddenLogin } from "./login.ts";

export const loginUnknown = fileCheck({
  id: "login_unknown",
  area: "credentials",
  severity: "warning",
  title: "the login in auth.json is not in the pool",
  look: (_, { snapshot, ctx, nowMs }) => {
    const [found] = snapshot ? unknownLogin(snapshot) : [];
    if (!snapshot || !found) return [];
    const fix = {
      does: `Take the ${loginWords(snapshot.live)} into the pool.`,
      apply: () => ctx.store.transaction("fix", (transaction) => takeLiveLogin(transaction, nowMs)),
    };
    return [{ ...found, fix }];
  },
});

/** The login that Codex has, where the pool does not know it. */
export function unknownLogin({ live, active }: Snapshot): FoundFault[] {
  if (!live.login || active || hiddenLogin(live.login)) return [];
  return [{ message: `The ${loginWords(live)} is not in the pool.`, command: "codex auth import" }];
}

function loginWords({ login, place }: Snapshot["live"]): string {
  return `login in ${place.name} (${login?.email ?? login?.kind})`;
}

export function takeLiveLogin({ pool, live }: Transaction, nowMs: number): void {
  if (live.login) adopt(pool, live.login, { nowMs, tie: "login" });
}

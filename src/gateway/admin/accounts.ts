import { isoTime } from "../../text/times.ts";
import type { z } from "zod";
import { accountStatus } from "../../proxy/accounts/status.ts";
import type { RotationParts } from "../../proxy/parts.ts";
import {
  findWindows,
  hasStarted,
  type Limit,
  usedPercentAt,
  windowEndMs,
  windowLengthMs,
} from "../../quota/limit.ts";

type Zod = typeof z;

export const accountStates = ["ready", "limited", "cooling", "paused", "login-needed", "unusable"] as const;

export const accountSchema = (zod: Zod) =>
  zod.object({
    id: zod.string(),
    name: zod.string().describe("the label, else the e-mail"),
    email: zod.string().nullable(),
    plan: zod.string().nullable(),
    state: zod.enum(accountStates),
    reason: zod.string().nullable(),
    returnsAt: zod.iso.datetime().nullable().describe("when it is tried again"),
    inFlight: zod.int().describe("requests that this gateway runs on it now"),
    windows: zod
      .array(
        zod.object({
          minutes: zod.int().describe("300 for five hours, 10080 for a week"),
          remainingPercent: zod.number(),
          resetsAt: zod.iso.datetime().nullable().describe("null: not started, so all of it is there"),
          observedAt: zod.iso.datetime(),
        }),
      )
      .describe("of the main limit; empty when nothing is known"),
  });

export type PoolAccount = z.infer<ReturnType<typeof accountSchema>>;

/** The accounts of the pool as this gateway knows them. Never a token. */
export function poolAccounts(rotation: RotationParts, nowMs: number): PoolAccount[] {
  const { pool, ledger } = rotation;
  const accounts = [...pool.accounts.values()];
  return accounts.map((account, at) => {
    const { id, label, email, plan, state, reason, returnsAtMs, inFlight } = accountStatus(
      account,
      rotation,
      nowMs,
    );
    const isShared = accounts.some((each) => each.id !== id && each.login.email === email);
    const { short, long } = findWindows(ledger.limitsOf(id));
    return {
      id,
      name: label ?? (email === null ? id : isShared ? `${email} (row ${at + 1})` : email),
      email,
      plan,
      state,
      reason,
      returnsAt: isoTime(returnsAtMs),
      inFlight,
      windows: [short, long].filter((limit) => limit !== null).map((limit) => windowOf(limit, nowMs)),
    };
  });
}

function windowOf(limit: Limit, nowMs: number): PoolAccount["windows"][number] {
  return {
    minutes: Math.round(windowLengthMs(limit) / 60_000),
    remainingPercent: Math.round((100 - usedPercentAt(limit, nowMs)) * 10) / 10,
    resetsAt: hasStarted(limit, nowMs) ? isoTime(windowEndMs(limit)) : null,
    observedAt: new Date(limit.observedAtMs).toISOString(),
  };
}

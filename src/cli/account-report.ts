import type { Account } from "../store/account.ts";
import { seatName } from "./select-account.ts";
import type { Snapshot } from "../store/store.ts";
import type { Zod } from "./define-command.ts";

/** An account as every JSON document shows it. No secrets. */
export const accountSchema = (z: Zod) =>
  z.object({
    id: z.string().describe("ours, stable, not secret"),
    row: z.int().min(1).describe("1-based position in `list`"),
    name: z.string().describe("for a person: e-mail, or what there is"),
    label: z.string().nullable(),
    email: z.string().nullable(),
    accountId: z.string().nullable().describe("workspace (seat) id"),
    userId: z.string().nullable(),
    plan: z.string().nullable(),
    kind: z.enum(["chatgpt", "apiKey", "accessToken", "agentIdentity", "bedrock", "headers"]),
    state: z.enum(["ready", "limited", "flagged", "paused", "expired"]),
    stateReason: z.string().nullable(),
    active: z.boolean().describe("it is the login in auth.json"),
    limits: z.array(limitSchema(z)),
    credential: z.object({
      expiresAt: z.iso.datetime().nullable().describe("end of the access token"),
      lastRefreshAt: z.iso.datetime().nullable(),
      health: z.enum(["valid", "renewable", "expired", "unknown"]),
    }),
  });

const limitSchema = (z: Zod) =>
  z.object({
    window: z.string(),
    usedPercent: z.number().min(0).max(100),
    remainingPercent: z.number().min(0).max(100),
    windowMinutes: z.number().nullable(),
    resetsAt: z.iso.datetime().nullable(),
    observedAt: z.iso.datetime(),
    source: z.string(),
  });

export type AccountReport = ReturnType<typeof reportAccount>;

type State = "ready" | "limited" | "flagged" | "paused" | "expired";

/** The accounts of a pool in the order of their rows. */
export function reportAccounts({ pool, active }: Snapshot, nowMs: number) {
  return pool.accounts.map((account, index) =>
    reportAccount(account, { row: index + 1, isActive: account.id === active?.id, nowMs }),
  );
}

/** The report of one account of a pool. */
export function reportOf({ pool, active }: Snapshot, account: Account, nowMs: number) {
  const row = pool.accounts.indexOf(account) + 1;
  return reportAccount(account, { row, isActive: account.id === active?.id, nowMs });
}

function reportAccount(account: Account, at: { row: number; isActive: boolean; nowMs: number }) {
  const { login, id, label } = account;
  const seat = login.identity.kind === "seat" ? login.identity : null;
  const limits: {
    window: string;
    usedPercent: number;
    remainingPercent: number;
    windowMinutes: number | null;
    resetsAt: string | null;
    observedAt: string;
    source: string;
  }[] = [];
  return {
    id,
    row: at.row,
    name: seatName(account),
    label,
    email: login.email,
    accountId: seat?.accountId ?? null,
    userId: seat?.userId ?? null,
    plan: login.plan,
    kind: login.kind,
    ...stateOf(account, at.nowMs),
    active: at.isActive,
    limits,
    credential: {
      expiresAt: isoTime(login.expiresAtSec),
      lastRefreshAt: login.lastRefresh === null ? null : new Date(login.lastRefresh).toISOString(),
      health: healthOf(account, at.nowMs),
    },
  };
}

function stateOf(account: Account, nowMs: number): { state: State; stateReason: string | null } {
  if (account.pausedAt) return { state: "paused", stateReason: `paused since ${account.pausedAt}` };
  if (healthOf(account, nowMs) !== "expired") return { state: "ready", stateReason: null };
  return { state: "expired", stateReason: "the access token has ended and there is no refresh token" };
}

/** `renewable`: the access token has ended, and the refresh token gets a new one at the next use. */
function healthOf({ login }: Account, nowMs: number): "valid" | "renewable" | "expired" | "unknown" {
  if (login.expiresAtSec === null) return "unknown";
  if (login.expiresAtSec * 1000 > nowMs) return "valid";
  return login.refreshToken === "" ? "expired" : "renewable";
}

function isoTime(sec: number | null): string | null {
  return sec === null ? null : new Date(sec * 1000).toISOString();
}

import { field, isRecord, readList, readNumber, readText } from "../accounts/unknown-value.ts";

/** A credit that resets a limit once. Times are epoch ms. */
export interface ResetCredit {
  readonly id: string;
  readonly resetType: string | null;
  readonly status: string | null;
  readonly grantedAtMs: number | null;
  readonly expiresAtMs: number | null;
  readonly title: string | null;
  readonly description: string | null;
}

export interface ResetCredits {
  /** As reported, else counted; null when neither is possible. */
  readonly availableCount: number | null;
  readonly credits: readonly ResetCredit[];
}

/** The payload of `GET …/rate-limit-reset-credits`. Null when it is not one. */
export function parseResetCredits(payload: unknown): ResetCredits | null {
  if (!isRecord(payload)) return null;
  const credits = readList(field(payload, "credits")).flatMap((each) => readCredit(each));
  const reported = readNumber(field(payload, "available_count"));
  const isListed = Array.isArray(field(payload, "credits"));
  const counted = isListed ? credits.filter((each) => each.status === "available").length : null;
  return { availableCount: reported !== null && reported >= 0 ? reported : counted, credits };
}

function readCredit(value: unknown): ResetCredit[] {
  const id = readText(field(value, "id"));
  if (id === null) return [];
  return [
    {
      id,
      resetType: readText(field(value, "reset_type")),
      status: readText(field(value, "status")),
      grantedAtMs: readTimeMs(field(value, "granted_at")),
      expiresAtMs: readTimeMs(field(value, "expires_at")),
      title: readText(field(value, "title")),
      description: readText(field(value, "description")),
    },
  ];
}

function readTimeMs(value: unknown): number | null {
  const text = readText(value);
  const timeMs = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(timeMs) ? null : timeMs;
}

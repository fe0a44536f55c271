import type { Login } from "../../codex/auth-json.ts";

/** "the pool: token of 2026-11-20T11:00:00.000Z", as evidence. */
export function dateLine(place: string, { issuedAtSec }: Login): string {
  const date = issuedAtSec === null ? "that tells no date" : `of ${isoTime(issuedAtSec)}`;
  return `${place}: token ${date}`;
}

/** An ISO time from epoch seconds. */
export function isoTime(sec: number): string {
  return new Date(sec * 1000).toISOString();
}

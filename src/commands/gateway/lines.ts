import type { KeyDocument } from "../../gateway/key-document.ts";
import { columnText } from "../../ui/columns.ts";
import { safeText } from "../../ui/safe-text.ts";
import type { Report } from "./document.ts";

export function keyLines(each: KeyDocument): string[] {
  const { name, id, role, models, limits, parallel, expiresAt, revokedAt } = each;
  return [
    `${name} (${id}), ${role}`,
    `  models: ${models === null ? "all" : models.map(safeText).join(", ")}`,
    `  limits: ${limits.length === 0 ? "none" : limits.map(safeText).join(", ")}`,
    ...(parallel === null ? [] : [`  at the same time: ${parallel}`]),
    ...(expiresAt === null ? [] : [`  expires: ${expiresAt}`]),
    ...(revokedAt === null ? [] : [`  revoked: ${revokedAt}`]),
  ];
}

export function keyTable(keys: readonly KeyDocument[], bold: (text: string) => string): string {
  const head = ["NAME", "KEY", "ROLE", "STATE", "LIMITS"];
  const rows = keys.map(({ name, prefix, role, revokedAt, expiresAt, limits }) => [
    safeText(name),
    `${prefix}…`,
    role,
    revokedAt !== null ? "revoked" : expiresAt === null ? "open" : `until ${expiresAt.slice(0, 10)}`,
    limits.length === 0 ? "none" : limits.map(safeText).join(" "),
  ]);
  return columnText([head, ...rows], (cell, row) => (row === 0 ? bold(cell) : cell));
}

export function usageLines({ days, key: own }: NonNullable<Report["usage"]>): string[] {
  const lines = own
    ? own.limits.map(
        ({ name, used, max, resets_at: resets }) =>
          `${safeText(name)}: ${used} of ${max} used, until ${resets}`,
      )
    : [];
  if (days.length === 0) return [...lines, "Nothing was used."];
  const rows = days.map(({ day, keyId, requests, inputTokens, outputTokens, costUsd }) => [
    day,
    keyId,
    String(requests),
    String(inputTokens),
    String(outputTokens),
    `$${costUsd.toFixed(4)}`,
  ]);
  const head = ["DAY", "KEY", "REQUESTS", "INPUT", "OUTPUT", "API EQUIVALENT"];
  return [...lines, columnText([head, ...rows])];
}

import type { z } from "zod";
import type { Database, Statements } from "../../database/database.ts";
import { randomHex } from "../../machine/hash.ts";
import { type PageWish, readPage } from "./paging.ts";

type Zod = typeof z;

/** Who did it: `cli`, `owner` for a one-time link, or the id of an admin key. */
export type Actor = string;

export interface AuditEntry {
  readonly actor: Actor;
  readonly action: string;
  readonly target: string;
  readonly detail: string;
}

/** Inside the transaction of what it tells of: both are on the disk, or neither. */
export async function addAudit(statements: Statements, entry: AuditEntry, atMs: number): Promise<void> {
  const { actor, action, target, detail } = entry;
  await statements.change(
    `insert into audit (id, at_ms, actor, action, target, detail) values ($1, $2, $3, $4, $5, $6)`,
    [`act_${randomHex(8)}`, atMs, actor, action, target, detail],
  );
}

export const auditSchema = (zod: Zod) =>
  zod.object({
    id: zod.string(),
    at: zod.iso.datetime(),
    actor: zod.string().describe("cli, owner (a one-time link), or the id of an admin key"),
    action: zod.string(),
    target: zod.string(),
    detail: zod.string(),
  });

export type AuditDocument = z.infer<ReturnType<typeof auditSchema>>;

/** The newest first. */
export async function listAudit(database: Database, wish: PageWish): Promise<readonly AuditDocument[]> {
  const rows = await readPage(database, { table: "audit", wish, conditions: [] });
  return rows.map((row) => ({
    id: String(row["id"]),
    at: new Date(Number(row["at_ms"])).toISOString(),
    actor: String(row["actor"]),
    action: String(row["action"]),
    target: String(row["target"]),
    detail: String(row["detail"]),
  }));
}

import type { Row, Statements, Value } from "../../database/database.ts";

/** A page of rows that came before the one with this id; from the newest where it names none. */
export interface PageWish {
  readonly before?: string | undefined;
  readonly limit: number;
}

export const mostRows = 50;

/** The row that `before` names is not there, perhaps because it was pruned. */
export class UnknownRow extends Error {}

/** A condition with `$` where its value belongs. */
export type Condition = readonly [sql: string, value: Value];

export interface PageQuestion {
  readonly table: "audit" | "requests";
  readonly wish: PageWish;
  readonly conditions: readonly Condition[];
}

/** The newest rows first; rows of one moment follow their ids, so that no page leaves one out or shows it twice. */
export async function readPage(
  database: Statements,
  { table, wish, conditions }: PageQuestion,
): Promise<readonly Row[]> {
  const values: Value[] = [];
  const bound = (value: Value) => `$${values.push(value)}`;
  const clauses = conditions.map(([sql, value]) => sql.replace("$", () => bound(value)));
  if (wish.before !== undefined) {
    const [row] = await database.query(`select at_ms from ${table} where id = $1`, [wish.before]);
    if (row === undefined) throw new UnknownRow();
    clauses.push(`(at_ms, id) < (${bound(Number(row["at_ms"]))}, ${bound(wish.before)})`);
  }
  const where = clauses.length === 0 ? "" : `where ${clauses.join(" and ")}`;
  const sql = `select * from ${table} ${where} order by at_ms desc, id desc limit ${bound(wish.limit)}`;
  return await database.query(sql, values);
}

import { readAccountUsage } from "../../store/files/quota.ts";
import type { UsageByAccount } from "../../store/library-store.ts";
import { parseJson } from "../../text/json.ts";
import { type Database, readDocuments, replaceDocument } from "../database.ts";

interface QuotasContext {
  readonly database: Database;
  readonly sleep: (ms: number) => Promise<void>;
}

const kind = "limits";
const attempts = 20;

/** What is known of the quotas of accounts, one document each; it may be lost. */
export class SharedQuotas {
  readonly #ctx: QuotasContext;
  #usage: UsageByAccount = new Map();

  constructor(ctx: QuotasContext) {
    this.#ctx = ctx;
  }

  /** As it was read last. */
  usage(): UsageByAccount {
    return new Map(this.#usage);
  }

  async load(): Promise<void> {
    this.#usage = usageIn(await this.#rows());
  }

  async update(change: (usage: UsageByAccount) => void): Promise<void> {
    const { database, sleep } = this.#ctx;
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const rows = await this.#rows();
      const usage = usageIn(rows);
      change(usage);
      let isWhole = true;
      for (const [id, entry] of usage) {
        const body = JSON.stringify(entry);
        const { version = 0, body: before } = rows.get(id) ?? {};
        if (before === body) continue;
        const isFirst = await replaceDocument(database, {
          kind,
          id,
          version,
          body,
          changedMs: database.now(),
        });
        isWhole &&= isFirst;
      }
      this.#usage = usage;
      if (isWhole) return;
      await sleep(Math.random() * 10 * attempt);
    }
  }

  async #rows(): Promise<Map<string, { version: number; body: string }>> {
    const rows = await readDocuments(this.#ctx.database, kind);
    return new Map(rows.map((row) => [row.id, row]));
  }
}

function usageIn(rows: ReadonlyMap<string, { body: string }>): UsageByAccount {
  const usage: UsageByAccount = new Map();
  for (const [id, { body }] of rows) {
    const entry = readAccountUsage(parseJson(body));
    if (entry) usage.set(id, entry);
  }
  return usage;
}

import { resetUsage } from "../../budget/usage-state.ts";
import type { Database } from "../../database/database.ts";
import { type Actor, addAudit } from "../admin/audit.ts";
import type { UsageBooks } from "../limits/usage-books.ts";
import type { ClientKey } from "./client-keys.ts";

/** Begins the limits of a key again; what runs now is charged when it ends. */
export async function resetKey(
  { database, books }: { readonly database: Database; readonly books: UsageBooks },
  { id, name }: ClientKey,
  actor: Actor,
): Promise<void> {
  await books.change(id, resetUsage);
  await addAudit(database, { actor, action: "key.reset", target: id, detail: name }, database.now());
}

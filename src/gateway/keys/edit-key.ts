import type { Database } from "../../database/database.ts";
import type { Actor } from "../admin/audit.ts";
import { startLimits } from "../limits/new-limits.ts";
import { changeKeys, type ClientKey, keyWithId, requireFreeName } from "./client-keys.ts";
import { checkRole } from "./check-role.ts";

/** What is to be different; what is absent stays. */
export type KeyChange = Partial<Pick<ClientKey, "name" | "policy" | "expiresMs">>;

/** What was used stays counted, also for a limit that is new. `change` is asked again when somebody else was faster. */
export async function editKey(
  database: Database,
  key: ClientKey,
  change: (key: ClientKey) => KeyChange,
  actor: Actor,
): Promise<ClientKey> {
  for (let before = key; ;) {
    const newer = await keyWithId(database, before.id);
    if (newer) before = newer;
    const after = await editOnce(database, before, change(before), actor);
    if (after) return after;
  }
}

/** Null when the key is not what it was any more. */
async function editOnce(
  database: Database,
  before: ClientKey,
  change: KeyChange,
  actor: Actor,
): Promise<ClientKey | null> {
  const { id } = before;
  const after = { ...before, ...change };
  checkRole(after);
  // First, so that no request passes a new limit that has not counted yet.
  await startLimits(database, id, { before: before.policy, after: after.policy });
  const detail = Object.keys(change).join(" ");
  const entry = { actor, action: "key.edit", target: id, detail };
  const isDone = await changeKeys(database, entry, async (statements) => {
    const now = await keyWithId(statements, id);
    if (now && JSON.stringify(now) !== JSON.stringify(before)) return false;
    await requireFreeName(statements, after.name, id);
    await statements.change(`update api_keys set name = $2, policy = $3, expires_ms = $4 where id = $1`, [
      id,
      after.name,
      JSON.stringify(after.policy),
      after.expiresMs,
    ]);
    return true;
  });
  return isDone ? after : null;
}

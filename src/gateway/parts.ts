import type { Database } from "../database/database.ts";
import type { BodyBudget } from "../proxy/body.ts";
import type { RotationParts } from "../proxy/parts.ts";
import type { KeyRing } from "./key-ring.ts";
import type { Replica } from "./replica.ts";
import type { RequestLog } from "./request-log.ts";
import type { SettleJournal } from "./settle-journal.ts";
import type { UsageBooks } from "./usage-books.ts";

/** Everything that a running gateway consists of. */
export interface GatewayParts {
  readonly rotation: RotationParts;
  readonly database: Database;
  readonly keys: KeyRing;
  readonly books: UsageBooks;
  readonly log: RequestLog;
  readonly journal: SettleJournal;
  readonly replica: Replica;
  readonly budget: BodyBudget;
  /** Makes a plain request of a client that is not Codex acceptable to the Codex backend. */
  readonly transformBody: (body: Readonly<Record<string, unknown>>) => Promise<object>;
  /** Which key was given which turn state: another key's is never passed on. */
  readonly turnStates: Map<string, string>;
  readonly now: () => number;
}

import type { Database } from "../database/database.ts";
import type { BodyBudget } from "../proxy/door/body.ts";
import type { RotationParts } from "../proxy/parts.ts";
import type { Metrics } from "./admin/metrics.ts";
import type { InFlight } from "./in-flight.ts";
import type { KeyCache } from "./keys/key-cache.ts";
import type { Journal } from "./journal.ts";
import type { RunningKeys } from "./keys/running-keys.ts";
import type { UsageBooks } from "./limits/usage-books.ts";
import type { PageTurns } from "./pages/page-turns.ts";
import type { Replica } from "./replica.ts";
import type { RequestLog } from "./request-log.ts";
import type { Homes } from "./homes.ts";
import type { Retention } from "./retention.ts";

/** Everything that a running gateway consists of. */
export interface GatewayParts {
  readonly rotation: RotationParts;
  readonly database: Database;
  /** Who shows it owns the files of this gateway; null: nobody does. */
  readonly ownerKey: string | null;
  readonly keys: KeyCache;
  readonly books: UsageBooks;
  readonly log: RequestLog;
  readonly metrics: Metrics;
  readonly pages: PageTurns;
  readonly retention: Retention;
  readonly journal: Journal;
  readonly replica: Replica;
  /** Null where each gateway has accounts of its own. */
  readonly homes: Homes | null;
  readonly budget: BodyBudget;
  /** Makes a plain request of a client that is not Codex acceptable to the Codex backend. */
  readonly transformBody: (body: Readonly<Record<string, unknown>>) => Promise<object>;
  /** The list of models that Codex fetched last, as text. */
  readonly cachedModels: () => string;
  /** Requests that are answered now. */
  readonly running: InFlight<object>;
  /** The same, by key. */
  readonly ofKeys: RunningKeys;
  /** Settlements that are being written. */
  readonly settling: InFlight<Promise<void>>;
  readonly now: () => number;
}

import type { Duplex } from "node:stream";
import type { Store } from "../store/store.ts";
import { backendOf } from "../upstream/backend.ts";
import { Books } from "./books.ts";
import { Busy } from "./busy.ts";
import type { ChoiceState } from "./choice.ts";
import { Conversations } from "./conversations.ts";
import { Counters } from "./counters.ts";
import { FreshFigures } from "./fresh-figures.ts";
import { Health } from "./health.ts";
import { Ledger } from "./ledger.ts";
import { LivePool } from "./live-pool.ts";
import { loginFailure } from "./login-failure.ts";
import { Logins } from "./logins.ts";
import { ModelBook } from "./model-book.ts";
import { defaultLimits } from "./options.ts";
import type { ProxyLimits, RotationProxyOptions } from "./options.ts";
import { RememberedFailures } from "./remembered-failures.ts";
import { WorkspaceRouting } from "./routing.ts";
import { Turns } from "./turns.ts";
import { Upstream } from "./upstream.ts";

export interface RotationParts extends ChoiceState {
  readonly pool: LivePool;
  readonly logins: Logins;
  readonly routing: WorkspaceRouting;
  readonly figures: FreshFigures;
  readonly upstream: Upstream;
  readonly books: Books;
  readonly counters: Counters;
  /** Upgraded connections of clients, which the server does not close itself. */
  readonly sockets: Set<Duplex>;
  readonly limits: ProxyLimits;
  readonly now: () => number;
}

const direct = () => null;
/** How long a refusal may wait for fresh figures. */
const figuresMs = 5000;

/** Everything that a running proxy consists of, put together. */
export function makeParts(options: RotationProxyOptions): RotationParts {
  const { renew, now = () => Date.now() } = options;
  // The library shows less of a store than `openStore` gives.
  const store = options.store as Store;
  const limits = { ...defaultLimits, ...options.limits };
  const backend = backendOf({ CODEX_AUTH_BACKEND: options.backend }, undefined);
  const busy = new Busy();
  const turns = new Turns();
  const conversations = new Conversations(busy);
  const counters = new Counters();
  const health = new Health(busy, counters);
  const models = new ModelBook();
  const remembered = new RememberedFailures();
  const upstream = new Upstream(options.agents ?? direct);
  const isKnown = (id: string) => pool.accounts.has(id);
  const ledger = new Ledger({ store, now, writeEveryMs: limits.writeEveryMs, isKnown });
  const pool = new LivePool({
    store,
    pollMs: limits.pollMs,
    now,
    onUsage: () => ledger.readStored(),
    onAccounts: (renewed) => {
      // A token that we renewed ourselves is no new login.
      for (const id of renewed) if (!logins.isRenewing(id)) ledger.noteLogin(id);
    },
  });
  const reload = async (id: string) => {
    await pool.reload();
    return pool.accounts.get(id);
  };
  const logins = new Logins({
    renew,
    now,
    reload,
    onFailed: (account, failed) => books.noteNoLogin(account, loginFailure(failed, now())),
  });
  const poolSize = () => pool.accounts.size;
  const onServed = (id: string) => logins.noteAccepted(id);
  const written = { ledger, conversations, turns, models, remembered, counters, health };
  const books = new Books({ store, now, ...written, poolSize, onServed });
  const routing = new WorkspaceRouting({ upstream, backend, headersMs: limits.headersMs, now });
  const figures = new FreshFigures({
    upstream,
    backend,
    headersMs: Math.min(limits.headersMs, figuresMs),
    now,
    logins,
    accounts: () => pool.accounts,
    noteLimits: (account, report) => books.noteLimits(account, report),
  });
  const { pin = null, neighbours = () => 0 } = options;
  const kept = {
    pool,
    ledger,
    conversations,
    busy,
    turns,
    models,
    remembered,
    logins,
    routing,
    figures,
    upstream,
    books,
    counters,
    sockets: new Set<Duplex>(),
  };
  return { ...kept, limits, now, pin, neighbours };
}

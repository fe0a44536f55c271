import type { Duplex } from "node:stream";
import { backendOf } from "../openai/backend.ts";
import type { PoolStore } from "../store/pool-store.ts";
import { Bookkeeper } from "./accounts/bookkeeper.ts";
import { Busy, Turns } from "./accounts/turns.ts";
import type { ChoiceState } from "./accounts/choose-account.ts";
import { Conversations } from "./accounts/conversations.ts";
import { Counters, Health } from "./accounts/counters.ts";
import { FreshFigures } from "./accounts/fresh-figures.ts";
import { Ledger } from "./accounts/ledger.ts";
import { LivePool } from "./accounts/live-pool.ts";
import { loginFailure } from "./accounts/login-failure.ts";
import { AccessTokens } from "./accounts/access-tokens.ts";
import { Models, RememberedFailures } from "./accounts/models.ts";
import { WorkspaceOrigins } from "./openai/workspace-origin.ts";
import { Upstream } from "./openai/upstream.ts";
import { defaultLimits, type ProxyLimits, type RotationProxyOptions } from "./options.ts";

export interface RotationParts extends ChoiceState {
  readonly pool: LivePool;
  readonly accessTokens: AccessTokens;
  readonly workspaceOrigins: WorkspaceOrigins;
  readonly figures: FreshFigures;
  readonly upstream: Upstream;
  readonly bookkeeper: Bookkeeper;
  readonly counters: Counters;
  /** Upgraded connections of clients, which the server does not close itself. */
  readonly sockets: Set<Duplex>;
  readonly limits: ProxyLimits;
  readonly now: () => number;
}

/** As the proxy is asked for; the accounts may be anywhere. */
type PartsOptions = Omit<RotationProxyOptions, "store" | "key"> & { readonly store: PoolStore };

const direct = () => null;
/** How long a refusal may wait for fresh figures. */
const figuresMs = 5000;

/** Everything that a running proxy consists of, put together. */
export function makeParts(options: PartsOptions): RotationParts {
  const { store, renew, now = () => Date.now() } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const backend = backendOf({ CODEX_AUTH_BACKEND: options.backend }, undefined);
  const busy = new Busy();
  const turns = new Turns();
  const conversations = new Conversations(busy);
  const counters = new Counters();
  const health = new Health(busy, counters);
  const models = new Models();
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
      for (const id of renewed) if (!accessTokens.isRenewing(id)) ledger.noteLogin(id);
    },
  });
  const reload = async (id: string) => {
    await pool.reload();
    return pool.accounts.get(id);
  };
  const accessTokens = new AccessTokens({
    renew,
    now,
    reload,
    onFailed: (account, failed) => bookkeeper.noteNoLogin(account, loginFailure(failed, now())),
  });
  const poolSize = () => pool.accounts.size;
  const onServed = (id: string) => accessTokens.noteAccepted(id);
  const written = { ledger, conversations, turns, models, remembered, counters, health };
  const bookkeeper = new Bookkeeper({ store, now, ...written, poolSize, onServed });
  const workspaceOrigins = new WorkspaceOrigins({ upstream, backend, headersMs: limits.headersMs, now });
  const figures = new FreshFigures({
    upstream,
    backend,
    headersMs: Math.min(limits.headersMs, figuresMs),
    now,
    accessTokens,
    accounts: () => pool.accounts,
    noteLimits: (account, report) => bookkeeper.noteLimits(account, report),
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
    accessTokens,
    workspaceOrigins,
    figures,
    upstream,
    bookkeeper,
    counters,
    sockets: new Set<Duplex>(),
  };
  return { ...kept, limits, now, pin, neighbours };
}

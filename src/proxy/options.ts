import type { RefreshNeed, RefreshOutcome } from "../auth/renew/need.ts";
import type { Agents } from "../openai/backend.ts";
import type { Store } from "../store/library-store.ts";

/** Every cap and wait of the proxy. Times in ms, sizes in bytes. */
export interface ProxyLimits {
  readonly bodyBytes: number;
  /** Of all requests that wait for their first visible byte. */
  readonly allBodiesBytes: number;
  /** Until a client has sent its headers. */
  readonly clientHeadersMs: number;
  /** Until a client has sent its whole request. */
  readonly clientRequestMs: number;
  /** Of clients at the same time. */
  readonly connections: number;
  /** Between two pieces of a request body. */
  readonly bodyIdleMs: number;
  /** Until upstream's headers. */
  readonly headersMs: number;
  /** The same for a compaction, which is answered in one piece when it is complete. */
  readonly compactMs: number;
  /** From upstream's headers to the first event of a stream. */
  readonly firstEventMs: number;
  /** How long events that show nothing yet (`response.created`) are kept back, because a failure may follow them. */
  readonly preambleMs: number;
  /** Upstream's longest silence after the first event; Codex waits as long. */
  readonly idleMs: number;
  /** How long a request may wait for an account to come back. */
  readonly holdMs: number;
  /** Between two writes of limits.json. */
  readonly writeEveryMs: number;
  /** Between two looks at the store, beside the system's own notice of a change. */
  readonly pollMs: number;
}

export const defaultLimits: ProxyLimits = {
  bodyBytes: 64 * 1024 * 1024,
  allBodiesBytes: 512 * 1024 * 1024,
  clientHeadersMs: 10_000,
  clientRequestMs: 300_000,
  connections: 4096,
  bodyIdleMs: 60_000,
  headersMs: 60_000,
  compactMs: 300_000,
  firstEventMs: 45_000,
  preambleMs: 2000,
  idleMs: 300_000,
  holdMs: 30_000,
  writeEveryMs: 1000,
  pollMs: 1000,
};

/** The one account that may serve. `source` says who asked for it: `--account`, a project file. */
export interface Pin {
  readonly accountId: string;
  readonly source: string;
}

export interface RotationProxyOptions {
  /** The accounts; as `openStore` gives it. */
  readonly store: Store;
  /**
   * The client key: letters, digits, `-` and `_`, at least 16 of them. It becomes a segment of `url`. A Codex whose own
   * login is one of the accounts needs none.
   */
  readonly key: string;
  /** A loopback address; default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** OpenAI's backend; default `https://chatgpt.com/backend-api`. Plain http is for this machine only. */
  readonly backend?: string;
  /** The way to OpenAI, by origin: a network proxy, certificates. The options ask to keep connections alive; null: direct. */
  readonly agents?: Agents;
  /** Renews the access token of an account without losing its refresh token. */
  readonly renew: (accountId: string, need: RefreshNeed) => Promise<RefreshOutcome>;
  /** Epoch ms; default `Date.now`. */
  readonly now?: () => number;
  readonly pin?: Pin;
  /** How many other proxies of the same pool, each for one run, began before this one; default none. */
  readonly neighbours?: () => number;
  /** WebSocket upgrades: `refuse` (default) answers 426, which Codex takes silently; `forward` serves them. */
  readonly webSocket?: "refuse" | "forward";
  /** Makes a plain request of a client that is not Codex acceptable to the Codex backend. */
  readonly transformBody?: (body: Readonly<Record<string, unknown>>) => Promise<object>;
  readonly limits?: Partial<ProxyLimits>;
}

/** A running proxy on this machine. */
export interface RotationProxy {
  /** With the client key as a path segment; ends in `/v1`. A secret: give it to the client only. */
  readonly url: string;
  /** Without the key: `http://127.0.0.1:PORT`. With `/v1` behind it, enough for a Codex that has a login of the pool. */
  readonly origin: string;
  readonly port: number;
  status(): RotationStatus;
  /**
   * Stops listening, lets running requests end for up to `graceMs` (default 0), ends the rest, and writes what is known
   * about limits. Resolves when all is done; a second call without grace ends the wait of the first.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** What `rotation status` shows. Times are epoch ms. Holds no secret. */
export interface RotationStatus {
  readonly port: number;
  readonly startedAtMs: number;
  readonly uptimeMs: number;
  readonly inFlight: number;
  /** New turns that were refused while accounts were ready: what is left is kept for the turns that run. */
  readonly deferred: number;
  readonly pin: Pin | null;
  readonly webSocket: "refuse" | "forward";
  readonly accounts: readonly AccountStatus[];
  /**
   * What clients asked for and the proxy does not serve: at most twenty different paths, in the order they came. A
   * proxy of an older version does not say.
   */
  readonly notServed?: readonly NotServed[];
  /** The last ten, newest first. */
  readonly decisions: readonly DecisionRecord[];
  /** Why the store could not be read or written the last time, or a fault of our own; null when all is well. */
  readonly problem: string | null;
}

export interface NotServed {
  readonly method: string;
  /** Without keys and query. */
  readonly path: string;
  count: number;
}

export type AccountState = "ready" | "paused" | "limited" | "cooling" | "login-needed" | "unusable";

export interface AccountStatus {
  readonly id: string;
  readonly label: string | null;
  readonly email: string | null;
  readonly plan: string | null;
  readonly state: AccountState;
  /** In words, when the state is not `ready`; of a ready one, why it does not serve one of its models now. */
  readonly reason: string | null;
  /** When it may serve again, or serve that model. */
  readonly returnsAtMs: number | null;
  /** Requests that it answered. */
  readonly served: number;
  /** Requests that failed on it and went on to another account. */
  readonly failedOver: number;
  readonly inFlight: number;
  readonly lastError: { readonly atMs: number; readonly code: string; readonly message: string } | null;
  readonly tokens: TokenCounts;
}

export interface TokenCounts {
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
}

/** Why an account was asked, or why none was. */
export interface DecisionRecord {
  readonly atMs: number;
  /** `use`, `hold` or `wait`, as the ranking decided. */
  readonly kind: "use" | "hold" | "wait";
  readonly accountId: string | null;
  /** `cache`, `best`, `cache-hold`, `exhausted`, `reserved`, `no-account`, or `continuation` for an answer's owner. */
  readonly reason: string;
  /** Whose request it was: of a gateway, the name of the key. */
  readonly client?: string;
  /** How the attempt ended; null while it runs. */
  outcome: string | null;
}

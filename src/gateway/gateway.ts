import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as rest } from "node:timers/promises";
import type { RefreshNeed, RefreshOutcome } from "../auth/renew/need.ts";
import type { Database } from "../database/database.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Agents } from "../openai/backend.ts";
import { answerWhatIsBroken, serverOptions } from "../proxy/door/broken-request.ts";
import { listen } from "../proxy/door/listen.ts";
import { ignoreOffer } from "../proxy/door/other-protocol.ts";
import type { ProxyLimits } from "../proxy/options.ts";
import { makeParts } from "../proxy/parts.ts";
import type { PoolStore } from "../store/pool-store.ts";
import { metricsServer } from "./admin/metrics-text.ts";
import { Metrics } from "./admin/metrics.ts";
import { answerRequest } from "./door/door.ts";
import { give } from "./door/http-exchange.ts";
import { refuse } from "./door/refusal.ts";
import { Homes } from "./homes.ts";
import { InFlight } from "./in-flight.ts";
import { KeyCache } from "./keys/key-cache.ts";
import { RunningKeys } from "./keys/running-keys.ts";
import { Journal, type JournalFile } from "./journal.ts";
import { UsageBooks } from "./limits/usage-books.ts";
import type { GatewayParts } from "./parts.ts";
import { PageTurns } from "./pages/page-turns.ts";
import { Replica } from "./replica.ts";
import { type LogLine, RequestLog } from "./request-log.ts";
import { Retention } from "./retention.ts";
import { answerUpgrade } from "./socket.ts";

export interface GatewayOptions {
  readonly store: PoolStore;
  /** The accounts are those of the database. Default false. */
  readonly sharesAccounts?: boolean;
  /** Open and up to date; the caller closes it. */
  readonly database: Database;
  readonly journal: JournalFile;
  /** What Codex was told of models last, for when OpenAI does not answer. */
  readonly cachedModels?: () => string;
  readonly renew: (accountId: string, need: RefreshNeed) => Promise<RefreshOutcome>;
  readonly transformBody: GatewayParts["transformBody"];
  readonly backend?: string;
  readonly agents?: Agents;
  readonly now?: () => number;
  /** Default 127.0.0.1, and a free port. */
  readonly host?: string;
  readonly port?: number;
  /** Where `/metrics` is told to whoever asks, on the same host; default: nowhere. */
  readonly metricsPort?: number;
  /** The one address under which other machines reach it: the Host header must name it. */
  readonly publicUrl?: URL;
  readonly limits?: Partial<ProxyLimits>;
  /** A secret of this machine's user, who is told the last decisions. Default: nobody is. */
  readonly ownerKey?: string;
}

export interface Gateway {
  /** For clients: ends in `/v1`. */
  readonly url: string;
  readonly origin: string;
  readonly port: number;
  status(): GatewayStatus;
  /**
   * Says for `lingerMs` that it is not ready and still serves, so that a balancer looks elsewhere; then lets what runs end
   * for up to `graceMs`, ends the rest, and writes what is left to write.
   */
  close(options?: { readonly graceMs?: number; readonly lingerMs?: number }): Promise<void>;
}

interface GatewayStatus {
  readonly port: number;
  readonly startedAtMs: number;
  readonly inFlight: number;
  readonly accounts: number;
  /** There is a key that opens something. */
  readonly hasKeys: boolean;
  readonly replica: string;
  readonly database: string;
  /** Why something could not be read or written the last time; null when all is well. */
  readonly problem: string | null;
}

const journalEveryMs = 2_000;

/**
 * Starts the gateway: OpenAI's routes for clients with keys, on the accounts of the pool. Throws `gateway_port_busy`,
 * or what the store or the database throws. Nothing is sent before the first request.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { host = "127.0.0.1", port = 0 } = options;
  const parts = makeGatewayParts(options);
  await parts.rotation.pool.start();
  const figures = options.metricsPort === undefined ? null : metricsServer(parts);
  const ending = { isDraining: false, isHurried: false };
  const door = { publicUrl: options.publicUrl ?? null, isDraining: () => ending.isDraining };
  const server = createServer(
    {
      keepAliveTimeout: 75_000,
      requestTimeout: 0,
      headersTimeout: 10_000,
      ...serverOptions,
    },
    (request, response) => {
      // The next request of this connection goes to another gateway.
      if (ending.isDraining) response.shouldKeepAlive = false;
      response.once("error", () => undefined);
      response.once("close", parts.running.add(response));
      answerRequest(parts, door, request, response).catch((error: unknown) => {
        const isAway = error instanceof CodexAuthError && error.code === "database_unavailable";
        if (!isAway) parts.rotation.counters.problem = error;
        const isManagement = request.url?.startsWith("/api/") ?? false;
        const refusal = isAway
          ? ({ kind: "database-away" } as const)
          : { kind: "fault" as const, isManagement };
        give({ request, response }, refuse(refusal, { isCodex: false, nowMs: parts.now() }));
        if (!response.writableEnded) response.destroy();
      });
    },
  );
  server.on("upgrade", (request, socket: Socket, head) => {
    if (ignoreOffer(server, request, socket, head)) return;
    answerUpgrade(parts, door, { request, socket, head }).catch((error: unknown) => {
      parts.rotation.counters.problem = error;
      socket.destroy();
    });
  });
  answerWhatIsBroken(server);
  try {
    await parts.replica.start();
    await parts.keys.refresh();
    const terms = { host, who: "The gateway", code: "gateway_port_busy" } as const;
    await listen(server, { ...terms, port });
    if (figures) await listen(figures, { ...terms, port: options.metricsPort ?? 0 });
  } catch (error) {
    server.close();
    parts.rotation.pool.stop();
    throw error;
  }
  parts.keys.start(() => parts.ofKeys.endRevoked(parts.database));
  parts.retention.start();
  const replaying = setInterval(() => void parts.journal.replay().catch(() => undefined), journalEveryMs);
  replaying.unref();
  void parts.journal.replay().catch(() => undefined);
  const address = server.address() as AddressInfo;
  const startedAtMs = parts.now();
  const origin = `http://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`;
  return {
    url: `${origin}/v1`,
    origin,
    port: address.port,
    status: () => ({
      port: address.port,
      startedAtMs,
      inFlight: parts.running.size,
      accounts: parts.rotation.pool.accounts.size,
      hasKeys: parts.keys.hasOpenKey,
      replica: parts.replica.id,
      database: parts.database.place,
      problem: problemOf(parts),
    }),
    close: async ({ graceMs = 0, lingerMs = 0 } = {}) => {
      ending.isHurried = lingerMs === 0;
      ending.isDraining = true;
      for (let leftMs = lingerMs; leftMs > 0 && !ending.isHurried; leftMs -= restMs) await rest(restMs);
      const closed = new Promise((resolve) => server.close(resolve));
      for (let leftMs = graceMs; leftMs > 0 && parts.running.size > 0; leftMs -= restMs) {
        server.closeIdleConnections();
        await rest(restMs);
      }
      figures?.close();
      figures?.closeAllConnections();
      parts.keys.stop();
      parts.retention.stop();
      parts.metrics.stop();
      clearInterval(replaying);
      parts.rotation.pool.stop();
      server.closeAllConnections();
      for (const socket of parts.rotation.sockets) socket.destroy();
      await closed;
      await closeParts(parts);
    },
  };
}

const restMs = 50;

function makeGatewayParts(options: GatewayOptions): GatewayParts {
  const { store, database, transformBody, renew, now = () => Date.now() } = options;
  const { backend, agents, limits, cachedModels = () => "" } = options;
  const rotation = makeParts({
    store,
    renew,
    now,
    ...(backend === undefined ? {} : { backend }),
    ...(agents === undefined ? {} : { agents }),
    ...(limits === undefined ? {} : { limits }),
  });
  const books = new UsageBooks(database);
  const homes = options.sharesAccounts ? new Homes(database, rotation.conversations) : null;
  const replica = new Replica(database, books, options.host ?? "127.0.0.1");
  const metrics = new Metrics(now());
  const keep = (lines: readonly LogLine[]): void => journal.keepLines(lines);
  const log = new RequestLog(database, replica, { metrics, keep });
  const journal = new Journal(options.journal, books, log);
  return {
    rotation,
    database,
    ownerKey: options.ownerKey ?? null,
    books,
    replica,
    homes,
    transformBody,
    cachedModels,
    now,
    ofKeys: new RunningKeys(),
    keys: new KeyCache(database),
    metrics,
    pages: new PageTurns(),
    log,
    retention: new Retention(database),
    journal,
    budget: { heldBytes: 0 },
    running: new InFlight(),
    settling: new InFlight(),
  };
}

/** What has been learnt is written last, when nothing more can be learnt. */
async function closeParts({ rotation, log, journal, replica, homes, settling }: GatewayParts): Promise<void> {
  rotation.upstream.close();
  await rotation.accessTokens.settled();
  await rotation.bookkeeper.settled();
  await rotation.ledger.close();
  while (settling.size > 0) await Promise.all(settling.all());
  await log.flush();
  await homes?.flush();
  await journal.replay().catch(() => undefined);
  await replica.stop();
}

function problemOf({ rotation, log }: GatewayParts): string | null {
  const { pool, ledger, counters } = rotation;
  const problem = pool.problem ?? ledger.problem ?? counters.problem ?? log.problem;
  return problem === null ? null : problem instanceof Error ? problem.message : "unknown";
}

import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { RefreshNeed, RefreshOutcome } from "../auth/renewal-words.ts";
import type { Database } from "../database/database.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { ProxyLimits } from "../proxy/options.ts";
import { makeParts } from "../proxy/parts.ts";
import type { Store } from "../store/store.ts";
import type { Agents } from "../upstream/agents.ts";
import { answerRequest, give } from "./door.ts";
import { KeyRing } from "./key-ring.ts";
import type { GatewayParts } from "./parts.ts";
import { refuse } from "./refusal.ts";
import { Replica } from "./replica.ts";
import { RequestLog } from "./request-log.ts";
import { SettleJournal, type JournalFile } from "./settle-journal.ts";
import { UsageBooks } from "./usage-books.ts";

export interface GatewayOptions {
  readonly store: Store;
  /** Open and up to date; the caller closes it. */
  readonly database: Database;
  readonly journal: JournalFile;
  readonly renew: (accountId: string, need: RefreshNeed) => Promise<RefreshOutcome>;
  readonly transformBody: GatewayParts["transformBody"];
  readonly backend?: string;
  readonly agents?: Agents;
  readonly now?: () => number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Names under which other machines reach it: the Host header must be one of them. */
  readonly publicHosts?: readonly string[];
  readonly limits?: Partial<ProxyLimits>;
}

export interface Gateway {
  /** For clients: ends in `/v1`. */
  readonly url: string;
  readonly origin: string;
  readonly port: number;
  status(): GatewayStatus;
  /** Lets what runs end for up to `graceMs`, ends the rest, and writes what is left to write. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

interface GatewayStatus {
  readonly port: number;
  readonly startedAtMs: number;
  readonly inFlight: number;
  readonly accounts: number;
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
  const running = new Set<object>();
  let isDraining = false;
  const door = { publicHosts: new Set(options.publicHosts ?? []), isDraining: () => isDraining };
  const server = createServer(
    {
      keepAliveTimeout: 75_000,
      requestTimeout: 0,
      headersTimeout: 10_000,
      maxHeaderSize: 64 * 1024,
      noDelay: true,
    },
    (request, response) => {
      running.add(response);
      response.once("error", () => undefined);
      response.once("close", () => running.delete(response));
      answerRequest(parts, door, request, response).catch((error: unknown) => {
        parts.rotation.counters.problem = error;
        const isManagement = request.url?.startsWith("/api/") ?? false;
        give(
          { request, response },
          refuse({ kind: "fault", isManagement }, { isCodex: false, nowMs: parts.now() }),
        );
        if (!response.writableEnded) response.destroy();
      });
    },
  );
  // Codex takes a 426 without a word and asks over HTTP.
  server.on("upgrade", (_, socket: Socket) => {
    socket.on("error", () => socket.destroy());
    socket.end("HTTP/1.1 426 Upgrade Required\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  });
  server.on("clientError", (_, socket: Socket) => void socket.destroy());
  try {
    await parts.replica.start();
    await parts.keys.refresh();
    await listen(server, host, port);
  } catch (error) {
    parts.rotation.pool.stop();
    throw error;
  }
  parts.keys.start();
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
      inFlight: running.size,
      accounts: parts.rotation.pool.accounts.size,
      replica: parts.replica.id,
      database: parts.database.place,
      problem: problemOf(parts),
    }),
    close: async ({ graceMs = 0 } = {}) => {
      isDraining = true;
      const closed = new Promise((resolve) => server.close(resolve));
      for (let leftMs = graceMs; leftMs > 0 && running.size > 0; leftMs -= restMs) {
        server.closeIdleConnections();
        await new Promise((resolve) => setTimeout(resolve, restMs));
      }
      parts.keys.stop();
      clearInterval(replaying);
      parts.rotation.pool.stop();
      server.closeAllConnections();
      await closed;
      await closeParts(parts);
    },
  };
}

const restMs = 50;

function makeGatewayParts(options: GatewayOptions): GatewayParts {
  const { store, database, journal, transformBody, renew, now = () => Date.now() } = options;
  const { backend, agents, limits } = options;
  const rotation = makeParts({
    store,
    renew,
    now,
    // Nobody comes through the rotation proxy's own door.
    key: "",
    ...(backend === undefined ? {} : { backend }),
    ...(agents === undefined ? {} : { agents }),
    ...(limits === undefined ? {} : { limits }),
  });
  const books = new UsageBooks(database);
  const replica = new Replica(database, books, options.host ?? "127.0.0.1");
  return {
    rotation,
    database,
    books,
    replica,
    transformBody,
    now,
    keys: new KeyRing(database, now),
    log: new RequestLog(database, replica.id),
    journal: new SettleJournal(journal, books),
    budget: { heldBytes: 0 },
    turnStates: new Map(),
  };
}

/** What has been learnt is written last, when nothing more can be learnt. */
async function closeParts({ rotation, log, journal, replica }: GatewayParts): Promise<void> {
  rotation.upstream.close();
  await rotation.logins.settled();
  await rotation.books.settled();
  await rotation.ledger.close();
  await log.flush();
  await journal.replay().catch(() => undefined);
  await replica.stop();
}

function problemOf({ rotation, log }: GatewayParts): string | null {
  const { pool, ledger, counters } = rotation;
  const problem = pool.problem ?? ledger.problem ?? counters.problem ?? log.problem;
  return problem === null ? null : problem instanceof Error ? problem.message : "unknown";
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const message = `The gateway cannot listen on port ${port}: ${cause.code ?? cause.message}.`;
      reject(
        new CodexAuthError("gateway_port_busy", message, {
          hint: "Choose another port, or none for a free one.",
          cause,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
}

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Counters } from "./accounts/counters.ts";
import { accountStatus } from "./accounts/status.ts";
import { listen } from "./door/listen.ts";
import { makeServer } from "./door/listener.ts";
import type { RotationProxy, RotationProxyOptions, RotationStatus } from "./options.ts";
import { makeParts, type RotationParts } from "./parts.ts";
import type { Store } from "../store/store.ts";

/**
 * Starts a proxy on this machine that gives each request of Codex to the account that serves it best, and moves on to
 * the next one before Codex notices a failure. Give `url` to Codex as `openai_base_url`. Throws `CodexAuthError`:
 * `proxy_host_refused` for an address that is not loopback, `proxy_key_invalid`, `proxy_port_busy`,
 * `backend_refused`, or what the store throws when it cannot be read. Nothing is sent before the first request.
 */
export async function startRotationProxy(options: RotationProxyOptions): Promise<RotationProxy> {
  const { key, host = "127.0.0.1", port = 0 } = options;
  requireLoopback(host);
  requireKey(key);
  // The library shows less of a store than `openStore` gives.
  const parts = makeParts({ ...options, store: options.store as Store });
  await parts.pool.start();
  const { webSocket = "refuse" } = options;
  const running = { startedAtMs: parts.now(), webSocket, port };
  const status = () => rotationStatus(parts, running);
  const server = makeServer(parts, options, status);
  try {
    await listen(server, { host, port, who: "The rotation proxy", code: "proxy_port_busy" });
  } catch (error) {
    parts.pool.stop();
    throw error;
  }
  running.port = addressOf(server).port;
  return runningProxy(server, parts, { status, key });
}

function requireLoopback(host: string): void {
  if (host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host)) return;
  throw new CodexAuthError("proxy_host_refused", "The rotation proxy listens on this machine only.", {
    hint: "Use the host 127.0.0.1.",
  });
}

function requireKey(key: string): void {
  if (/^[A-Za-z0-9_-]{16,256}$/.test(key)) return;
  throw new CodexAuthError("proxy_key_invalid", "The client key of the rotation proxy cannot be used.", {
    hint: "Use 16 to 256 random letters, digits, - or _; nothing was started.",
  });
}

function addressOf(server: Server): AddressInfo {
  return server.address() as AddressInfo;
}

function runningProxy(
  server: Server,
  parts: RotationParts,
  { status, key }: Pick<RotationProxy, "status"> & { key: string },
): RotationProxy {
  const { address, port, family } = addressOf(server);
  const origin = `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
  const grace = new AbortController();
  let closing: Promise<void> | null = null;
  return {
    url: `${origin}/${key}/v1`,
    origin,
    port,
    status,
    close: ({ graceMs = 0 } = {}) => {
      if (graceMs === 0) grace.abort();
      return (closing ??= close(server, parts, { graceMs, signal: grace.signal }));
    },
  };
}

function rotationStatus(
  parts: RotationParts,
  running: Pick<RotationStatus, "port" | "startedAtMs" | "webSocket">,
): RotationStatus {
  const { pool, ledger, counters, pin } = parts;
  const nowMs = parts.now();
  const accounts = [...pool.accounts.values()].map((each) => accountStatus(each, parts, nowMs));
  const problem = pool.problem ?? ledger.problem ?? counters.problem;
  return {
    ...running,
    uptimeMs: nowMs - running.startedAtMs,
    inFlight: counters.inFlight,
    deferred: counters.deferred,
    notServed: counters.notServed(),
    pin,
    accounts,
    decisions: counters.decisions(),
    problem: problem === null ? null : problem instanceof Error ? problem.message : "unknown",
  };
}

/** What has been learnt is written last, when nothing more can be learnt. */
async function close(
  server: Server,
  { pool, upstream, accessTokens, bookkeeper, ledger, sockets, counters }: RotationParts,
  grace: Grace,
): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  await untilIdle(server, counters, grace);
  pool.stop();
  server.closeAllConnections();
  for (const socket of sockets) socket.destroy();
  await closed;
  upstream.close();
  await accessTokens.settled();
  await bookkeeper.settled();
  await ledger.close();
}

interface Grace {
  readonly graceMs: number;
  /** Aborted: nobody waits any more. */
  readonly signal: AbortSignal;
}

const restMs = 50;

/** Connections that wait for a next request are closed at once, those that are served when they have been. */
async function untilIdle(server: Server, counters: Counters, { graceMs, signal }: Grace): Promise<void> {
  for (let leftMs = graceMs; leftMs > 0 && !signal.aborted; leftMs -= restMs) {
    server.closeIdleConnections();
    if (counters.inFlight === 0) return;
    await new Promise<void>((resolve) => setTimeout(resolve, restMs));
  }
}

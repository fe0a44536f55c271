import { createServer, type Server, type ServerResponse } from "node:http";
import type { GatewayParts } from "../parts.ts";
import { accountStates, poolAccounts } from "./accounts.ts";
import { labels, type Sample, series } from "./metrics.ts";

/** In Prometheus' text format. */
export async function metricsText(parts: GatewayParts): Promise<string> {
  const { database, log, journal, metrics, rotation } = parts;
  const accounts = poolAccounts(rotation, parts.now());
  const [keys] = await database
    .query(`select count(*) as keys from api_keys where revoked_ms is null`)
    .catch(() => []);
  const quotas = accounts.flatMap(({ id, windows }) =>
    windows.map(({ minutes, remainingPercent }): Sample => [
      labels({ account: id, window_minutes: String(minutes) }),
      remainingPercent / 100,
    ]),
  );
  const states = accountStates.map((state): Sample => [
    labels({ state }),
    accounts.filter((each) => each.state === state).length,
  ]);
  return [
    ...series("info", "gauge", "This gateway.", [[labels({ replica: parts.replica.id }), 1]]),
    ...metrics.lines(),
    ...series(
      "in_flight",
      "gauge",
      "Requests that accounts answer now.",
      accounts.reduce((sum, each) => sum + each.inFlight, 0),
    ),
    ...series("accounts", "gauge", "Accounts of the pool by state.", states),
    ...series("account_quota_left_ratio", "gauge", "What is left of a quota window.", quotas),
    ...series("database_up", "gauge", "1: the database answers.", keys === undefined ? 0 : 1),
    ...(keys === undefined
      ? []
      : series("keys", "gauge", "Keys that are not revoked.", Number(keys["keys"]))),
    ...series("log_waiting", "gauge", "Requests that are not written to the log yet.", log.waiting),
    ...series(
      "settlements_kept",
      "gauge",
      "Settlements and log lines that wait for the database.",
      journal.kept(),
    ),
    "",
  ].join("\n");
}

export const metricsType = "text/plain; version=0.0.4; charset=utf-8";

/** `/metrics` on a port of its own, and nothing else there: for a scraper that has no key. */
export function metricsServer(parts: GatewayParts): Server {
  return createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    request.resume();
    if (request.method !== "GET" || request.url !== "/metrics")
      return end(response, 404, "Only GET /metrics is here.\n");
    metricsText(parts).then(
      (text) => end(response, 200, text),
      () => end(response, 500, "The figures could not be read.\n"),
    );
  });
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": metricsType, "cache-control": "no-store" }).end(text);
}

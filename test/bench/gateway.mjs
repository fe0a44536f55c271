// The gateway beside rotation, on the same accounts and in front of the same backend: a key with three limits, one
// without, on SQLite and on a PostgreSQL that is started for it. The ways take turns in one run, and medians of the
// ratios of neighbours are told, because machines are noisy; so this is no test.
// Usage: npm run build && npm run bench:gateway [rounds]
import { fork } from "node:child_process";
import { once } from "node:events";
import { loadavg } from "node:os";
import { join } from "node:path";
import { load } from "../../.ci/load.mjs";
import { Client, keyTurn } from "./proxy/client.mjs";
import { openScene } from "./proxy/scene.mjs";
import { inTurn, median } from "./run/rounds.mjs";

const rounds = Number(process.argv[2] ?? 5);
const { postgresPrograms, startPostgres } = await load("test/support/postgres.ts");
const postgres = postgresPrograms() === null ? null : await startPostgres();
const scene = await openScene("backend.mjs", 5);
const backend = `http://127.0.0.1:${scene.backendPort}/backend-api`;
const sqlite = await startGateway(join(scene.root, "gateway.db"));
const server = postgres && (await startGateway(postgres.freshDatabase()));
const goals = {
  "SQLite, limited": [0.25, 0.85],
  "SQLite, unlimited": [null, 0.97],
  "PostgreSQL, limited": [1, 0.6],
  "PostgreSQL, unlimited": [null, 0.97],
};
const rotation = {
  name: "rotation",
  port: Number(scene.url.port),
  path: scene.url.pathname,
  more: [],
  used: scene.used,
};
const ways = [rotation, ...waysOf("SQLite", sqlite), ...(server ? waysOf("PostgreSQL", server) : [])];
const atOnce = 16;
const requestsEach = 60;

const idle = [await sqlite.ask("used"), server && (await server.ask("used"))];
console.log(`load of the machine ${loadavg()[0].toFixed(1)}, Node ${process.versions.node}`);
for (const size of [2048, 53_000]) {
  const latencies = await inTurn(ways, rounds, (way) => latency(way, size));
  const rates = await inTurn(ways, rounds, (way) => throughput(way, size));
  const costs = await inTurn(ways, rounds, (way) => processorTime(way, size));
  console.log(
    `${String(size).padStart(6)} bytes              p50, ms   added    goal  CPU, ms   of rotation      /s   of rotation    goal`,
  );
  for (const [at, { name }] of ways.entries()) {
    const [mostMs, least] = goals[name] ?? [null, null];
    const added = median(latencies.map((each) => each[at] - each[0]));
    const ratioOf = (all) => (at === 0 ? "" : median(all.map((each) => each[at] / each[0])).toFixed(2));
    const cells = [
      [median(latencies.map((each) => each[at])).toFixed(3), 10],
      [at === 0 ? "" : added.toFixed(3), 8],
      [mostMs ?? "", 8],
      [median(costs.map((each) => each[at])).toFixed(2), 9],
      [ratioOf(costs), 14],
      [median(rates.map((each) => each[at])).toFixed(0), 8],
      [ratioOf(rates), 14],
      [least ?? "", 8],
    ];
    console.log(name.padEnd(23) + cells.map(([text, width]) => String(text).padStart(width)).join(""));
  }
}
for (const [at, gateway] of [sqlite, server].entries()) {
  if (gateway === null) continue;
  const end = await gateway.ask("end");
  const name = at === 0 ? "SQLite" : "PostgreSQL";
  console.log(
    `resident with ${name}, MB: idle ${idle[at].rssMb.toFixed(0)}, peak ${end.maxRssMb.toFixed(0)}   goal 75, 140`,
  );
}
await scene.close();
postgres?.stop();
process.exit(0);

async function startGateway(database) {
  const script = new URL("proxy/served-gateway.mjs", import.meta.url);
  const child = fork(script, [scene.root, backend, database]);
  const [started] = await once(child, "message");
  const ask = async (message) => {
    child.send(message);
    return (await once(child, "message"))[0];
  };
  return { ...started, ask };
}

function waysOf(name, { port, limited, unlimited, ask }) {
  const way = (kind, secret) => ({
    name: `${name}, ${kind}`,
    port,
    path: "/backend-api/codex",
    more: [`authorization: Bearer ${secret}`],
    used: () => ask("used"),
  });
  return [way("unlimited", unlimited), way("limited", limited)];
}

async function latency(way, size) {
  const client = await Client.open(way.port);
  const bytes = keyTurn(way, size);
  const times = [];
  for (let run = 0; run < 250; run += 1) {
    const start = performance.now();
    await client.ask(bytes);
    if (run >= 50) times.push(performance.now() - start);
  }
  client.close();
  return median(times);
}

/** Of one request, in the server: less noisy than the clock on a machine that does other things. */
async function processorTime(way, size) {
  const before = await way.used();
  const client = await Client.open(way.port);
  const bytes = keyTurn(way, size);
  const count = 300;
  for (let run = 0; run < count; run += 1) await client.ask(bytes);
  client.close();
  return ((await way.used()).cpuMs - before.cpuMs) / count;
}

async function throughput(way, size) {
  const clients = await Promise.all(Array.from({ length: atOnce }, () => Client.open(way.port)));
  const bytes = keyTurn(way, size);
  const start = performance.now();
  await Promise.all(
    clients.map(async (client) => {
      for (let run = 0; run < requestsEach; run += 1) await client.ask(bytes);
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  for (const client of clients) client.close();
  return (atOnce * requestsEach) / seconds;
}

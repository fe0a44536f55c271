// The rotation proxy beside a direct connection: 5 accounts, loopback, backend, proxy and client each in a process of
// its own; and beside a bare forwarder of node:http, which is the least that any proxy on this machine costs. The three
// take turns in one run, and medians of the ratios of neighbours are told, because machines are noisy; so this is no
// test. Usage: npm run build && npm run bench:proxy [rounds]
import { loadavg } from "node:os";
import { Client, turn } from "./proxy/client.mjs";
import { openScene } from "./proxy/scene.mjs";
import { inTurn, median } from "./run/rounds.mjs";

const rounds = Number(process.argv[2] ?? 9);
const { backendPort, forwarderPort, url, used, close } = await openScene("backend.mjs", 5);
const requestsEach = 100;
const ways = [
  [backendPort, "/backend-api/codex"],
  [forwarderPort, "/backend-api/codex"],
  [Number(url.port), url.pathname],
];

console.log(`load of the machine ${loadavg()[0].toFixed(1)}`);
console.log("                          direct    bare     proxy");
const idle = await used();

const latencies = await inTurn(ways, rounds, latency);
row("latency p50, ms", latencies, 3);
const added = (side) => median(latencies.map((each) => each[side] - each[0])).toFixed(3);
console.log(`  added                           ${added(1)}     ${added(2)}   goal 0.3`);

const before = await used();
const rates = await inTurn(ways, rounds, throughput);
const after = await used();
row("64 KiB, 32 at once, /s", rates, 0);
const count = (rounds + 1) * 32 * requestsEach;
const cpuMs = (after.cpuMs - before.cpuMs) / count;
console.log(`  of bare                                  ${ratio(rates, 1)}   goal 5000/s`);
console.log(`  CPU of the proxy, ms                     ${cpuMs.toFixed(3)}`);
console.log(
  `  file calls a request                     ${((after.fileCalls - before.fileCalls) / count).toFixed(3)}   goal 0; they are those of one write a second`,
);

const streams = await inTurn(ways, rounds, stream);
row("52 MB of events, MB/s", streams, 0);
console.log(
  `  of direct, of bare                       ${ratio(streams, 0)}, ${ratio(streams, 1)}   goal 0.8`,
);

const end = await used();
console.log(`resident, MB: idle ${idle.rssMb.toFixed(0)}, peak ${end.maxRssMb.toFixed(0)}   goal 60, 100`);
await close();
process.exit(0);

async function latency([port, path]) {
  const client = await Client.open(port);
  const bytes = turn(path, 2048);
  const times = [];
  for (let run = 0; run < 400; run += 1) {
    const start = performance.now();
    await client.ask(bytes);
    if (run >= 50) times.push(performance.now() - start);
  }
  client.close();
  return median(times);
}

async function throughput([port, path]) {
  const clients = await Promise.all(Array.from({ length: 32 }, () => Client.open(port)));
  const bytes = turn(path, 65_536);
  const start = performance.now();
  await Promise.all(
    clients.map(async (client) => {
      for (let run = 0; run < requestsEach; run += 1) await client.ask(bytes);
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  for (const client of clients) client.close();
  return (clients.length * requestsEach) / seconds;
}

async function stream([port, path]) {
  const client = await Client.open(port);
  const start = performance.now();
  const count = await client.ask(turn(path, 2048, ["x-bench: big"]));
  client.close();
  return count / 1e6 / ((performance.now() - start) / 1000);
}

function row(name, all, digits) {
  const figures = ways.map((_, side) =>
    median(all.map((each) => each[side]))
      .toFixed(digits)
      .padStart(9),
  );
  console.log(`${name.padEnd(24)}${figures.join("")}`);
}

/** Of the proxy to another way. */
function ratio(all, side) {
  return median(all.map((each) => each[2] / each[side])).toFixed(2);
}

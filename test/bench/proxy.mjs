// The rotation proxy beside a direct connection: 5 accounts, loopback, backend, proxy and client each in a process of
// its own. Direct and proxied rounds take turns in one run, and medians of neighbours are compared, because machines
// are noisy; so this is no test. Usage: npm run build && node test/bench/proxy.mjs [rounds]
import { loadavg } from "node:os";
import { Client, turn } from "./proxy/client.mjs";
import { openScene } from "./proxy/scene.mjs";

const rounds = Number(process.argv[2] ?? 9);
const { backendPort, url, used, close } = await openScene("backend.mjs", 5);
const ways = { direct: [backendPort, "/backend-api/codex"], proxied: [Number(url.port), url.pathname] };

console.log(`load of the machine ${loadavg()[0].toFixed(1)}`);
const idle = await used();
await latency(ways);
await throughput(ways);
await stream(ways);
const end = await used();
console.log(`resident            idle ${mb(idle.rssMb)}, peak ${mb(end.maxRssMb)}   goal 60, 100 MB`);
await close();
process.exit(0);

async function latency({ direct, proxied }) {
  const measure = async ([port, path]) => {
    const client = await Client.open(port);
    const bytes = turn(path, 2048);
    for (let run = 0; run < 50; run += 1) await client.ask(bytes);
    const times = [];
    for (let run = 0; run < 300; run += 1) {
      const start = performance.now();
      await client.ask(bytes);
      times.push(performance.now() - start);
    }
    client.close();
    return median(times);
  };
  const pairs = await inTurn(
    () => measure(direct),
    () => measure(proxied),
  );
  const [alone, through] = [0, 1].map((side) => median(pairs.map((pair) => pair[side])));
  const added = median(pairs.map(([a, b]) => b - a));
  console.log(
    `latency p50         direct ${ms(alone)}, proxied ${ms(through)}, added ${ms(added)}   goal 0.3 ms`,
  );
}

async function throughput({ direct, proxied }) {
  const measure = async ([port, path]) => {
    const clients = await Promise.all(Array.from({ length: 32 }, () => Client.open(port)));
    const bytes = turn(path, 65_536);
    const each = 100;
    const before = await used();
    const start = performance.now();
    await Promise.all(
      clients.map(async (client) => {
        for (let run = 0; run < each; run += 1) await client.ask(bytes);
      }),
    );
    const seconds = (performance.now() - start) / 1000;
    const after = await used();
    for (const client of clients) client.close();
    const count = clients.length * each;
    const cpuMs = (after.cpuMs - before.cpuMs) / count;
    return { perSecond: count / seconds, cpuMs, files: (after.fileCalls - before.fileCalls) / count };
  };
  const pairs = await inTurn(
    () => measure(direct),
    () => measure(proxied),
  );
  const [alone, through] = [0, 1].map((side) => median(pairs.map((pair) => pair[side].perSecond)));
  const ratio = median(pairs.map(([a, b]) => b.perSecond / a.perSecond));
  const cpuMs = median(pairs.map((pair) => pair[1].cpuMs));
  const files = median(pairs.map((pair) => pair[1].files));
  console.log(
    `64 KiB, 32 at once  direct ${alone.toFixed(0)}/s, proxied ${through.toFixed(0)}/s, ratio ${ratio.toFixed(2)}   goal 5000/s`,
  );
  console.log(
    `                    CPU of the proxy ${ms(cpuMs)} a request, so ${(1000 / cpuMs).toFixed(0)}/s for a core of its own`,
  );
  console.log(`file calls          ${files.toFixed(3)} a request (those of one write a second)   goal 0`);
}

async function stream({ direct, proxied }) {
  const measure = async ([port, path]) => {
    const client = await Client.open(port);
    const start = performance.now();
    const count = await client.ask(turn(path, 2048, ["x-bench: big"]));
    client.close();
    return count / 1e6 / ((performance.now() - start) / 1000);
  };
  const pairs = await inTurn(
    () => measure(direct),
    () => measure(proxied),
  );
  const [alone, through] = [0, 1].map((side) => median(pairs.map((pair) => pair[side])));
  const ratio = median(pairs.map(([a, b]) => b / a));
  console.log(
    `52 MB of events     direct ${mb(alone)}/s, proxied ${mb(through)}/s, ratio ${ratio.toFixed(2)}   goal 0.8`,
  );
}

/** Pairs of neighbours; the first pair only warms up. */
async function inTurn(one, other) {
  const pairs = [];
  for (let round = 0; round <= rounds; round += 1) pairs.push([await one(), await other()]);
  return pairs.slice(1);
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function ms(value) {
  return `${value.toFixed(3)} ms`;
}

function mb(value) {
  return `${value.toFixed(0)} MB`;
}

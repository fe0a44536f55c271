// Speed, CPU and memory of the rotation proxy as a multiple of those of a bare forwarder of node:http.
import { Client, turn } from "../proxy/client.mjs";
import { openScene } from "../proxy/scene.mjs";
import { median, orderOf } from "./rounds.mjs";

const kinds = [
  { name: "2 KiB", work: (way) => many(way, 2048, 60), goals: ["0.80 or more", "1.35"] },
  { name: "64 KiB", work: (way) => many(way, 65_536, 40), goals: ["0.80 or more", "1.35"] },
  { name: "52 MB of events", work: big, goals: ["0.85 or more", ""] },
];

/** Speed is larger for the better, everything else smaller. */
export async function* proxyRows(builds, { runs, only }) {
  const wanted = kinds.filter(({ name }) => `proxy, ${name}`.includes(only));
  if (wanted.length === 0) return;
  const scenes = [];
  for (const folder of builds) scenes.push(await openScene("backend.mjs", 5, [], `${folder}/dist/lib`));
  const [first] = scenes;
  const bare = { port: first.forwarderPort, path: "/backend-api/codex", used: first.bareUsed };
  const ways = [
    bare,
    bare,
    ...scenes.map(({ url, used }) => ({ port: Number(url.port), path: url.pathname, used })),
  ];
  for (const { name, work, goals } of wanted) {
    const rounds = await inTurn(ways, work, runs);
    const ratios = (of) =>
      ways.slice(1).map((_, at) => median(rounds.map((round) => of(round[at + 1]) / of(round[0]))));
    yield { name: `proxy, ${name}, speed`, ratios: ratios(({ ms }) => 1 / ms), goal: goals[0] };
    yield { name: `proxy, ${name}, CPU`, ratios: ratios(({ cpuMs }) => cpuMs), goal: goals[1] };
  }
  if (only === "") yield await latencyRow(ways, runs);
  const peaks = await Promise.all(ways.map(async ({ used }) => (await used()).maxRssMb));
  yield { name: "proxy, peak memory", ratios: peaks.slice(1).map((peak) => peak / peaks[0]), goal: "1.15" };
  for (const scene of scenes) await scene.close();
}

async function latencyRow(ways, runs) {
  const rounds = await inTurn(
    ways,
    async (way) => (way.last = await latency(way)),
    runs,
    ({ last }) => last,
  );
  const ratios = ways.slice(1).map((_, at) => median(rounds.map((round) => round[at + 1] / round[0])));
  return { name: "proxy, latency p50", ratios, goal: "" };
}

/** The first round only warms up. */
async function inTurn(ways, work, runs, tell = null) {
  const rounds = [];
  for (let round = 0; round <= runs; round += 1) {
    const figures = [];
    for (const at of orderOf(ways, round)) {
      const way = ways[at];
      const before = await way.used();
      const start = performance.now();
      await work(way);
      const ms = performance.now() - start;
      figures[at] = tell ? tell(way) : { ms, cpuMs: (await way.used()).cpuMs - before.cpuMs };
    }
    if (round > 0) rounds.push(figures);
  }
  return rounds;
}

async function many({ port, path }, size, each) {
  const clients = await Promise.all(Array.from({ length: 16 }, () => Client.open(port)));
  const bytes = turn(path, size);
  await Promise.all(
    clients.map(async (client) => {
      for (let run = 0; run < each; run += 1) await client.ask(bytes);
    }),
  );
  for (const client of clients) client.close();
}

async function big({ port, path }) {
  const client = await Client.open(port);
  await client.ask(turn(path, 2048, ["x-bench: big"]));
  client.close();
}

async function latency({ port, path }) {
  const client = await Client.open(port);
  const bytes = turn(path, 2048);
  const times = [];
  for (let run = 0; run < 100; run += 1) {
    const start = performance.now();
    await client.ask(bytes);
    if (run >= 20) times.push(performance.now() - start);
  }
  client.close();
  return median(times);
}

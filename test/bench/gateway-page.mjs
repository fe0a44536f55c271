// What the pages of the gateway cost when 300,000 requests are in the log: each page alone, and how much longer the slowest
// hundredth of the requests for models take while somebody loads the overview again and again.
//   npm run build && npm run bench:gateway-page [requests] [rounds]
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { Client, keyTurn } from "./proxy/client.mjs";
import { openScene } from "./proxy/scene.mjs";

const built = (path) => import(new URL(`../../dist/lib/${path}`, import.meta.url).href);
const { openDatabase } = await built("database/open-database.js");
const { createKey } = await built("gateway/keys/client-keys.js");
const { makeLink } = await built("gateway/admin/sessions.js");
const { listRequests } = await built("gateway/admin/requests.js");
const { overviewFigures } = await built("gateway/pages/overview-figures.js");
const { overviewPage } = await built("gateway/pages/overview.js");
const { pageText } = await built("gateway/pages/layout.js");

const requests = Number(process.argv[2] ?? 300_000);
const rounds = Number(process.argv[3] ?? 7);
const dayMs = 86_400_000;
const require = createRequire(import.meta.url);
const sqlite = process.getBuiltinModule("node:sqlite");
const folder = mkdtempSync(join(tmpdir(), "codex-auth-bench-"));
const drivers = {
  nodeSqlite: () => (sqlite ? (path) => new sqlite.DatabaseSync(path) : null),
  libsql: async () => (path) => new (require("libsql"))(path),
  pg: async () => null,
};
const database = await openDatabase({
  address: join(folder, "gateway.db"),
  drivers,
  now: Date.now,
  makeFile: (path) => writeFileSync(path, "", { mode: 0o600 }),
  fileId: (path) => String(statSync(path).ino),
});
const keys = [];
for (let at = 0; at < 20; at += 1) {
  const policy = { limits: [{ kind: "requests", window: "day", max: 5000 }] };
  const { key } = await createKey(
    database,
    { name: `key ${at}`, role: "client", policy, expiresMs: null },
    "cli",
  );
  keys.push(key.id);
}
const now = Date.now();
const key = `json_extract('${JSON.stringify(keys)}', '$[' || (n.n % ${keys.length}) || ']')`;
const numbers = (count) =>
  `with recursive n(n) as (select 0 union all select n + 1 from n where n < ${count - 1})`;
await database.change(
  `insert into requests ${numbers(requests)} select 'req_' || n.n, ${now} - cast(n.n * ${(30 * dayMs) / requests} as integer),
   ${key}, 'account-' || (n.n % 5), 'model-' || (n.n % 4), 'responses', case when n.n % 50 = 0 then 503 else 200 end, null,
   1000, 400, 500, 5000, 'table', null, 900, 1, 'gw' from n`,
);
for (const [span, ms] of [
  ["hour", 3_600_000],
  ["day", dayMs],
]) {
  await database.change(
    `insert into usage_spans select '${span}', at_ms / ${ms} * ${ms}, key_id, account_id, model, 'served', count(*),
     sum(input_tokens), sum(cached_tokens), sum(output_tokens), 0, sum(cost_micros), sum(total_ms) from requests
     group by at_ms / ${ms}, key_id, account_id, model`,
  );
}
const parts = {
  database,
  now: Date.now,
  rotation: { pool: { accounts: new Map() }, ledger: { limitsOf: () => [] } },
};
const [rows] = await database.query(`select count(*) as n from usage_spans`);
console.log(
  `${requests} requests, ${rows.n} rows of sums, ${sqlite ? "node:sqlite" : "libsql"}, Node ${process.version}`,
);
let bytes = 0;
await measure("overview", async () => {
  bytes = Buffer.byteLength(pageText(overviewPage(await overviewFigures(parts))));
});
await measure("newest 50 requests", () => listRequests(database, { limit: 50 }));
await measure("newest 50 of a key", () => listRequests(database, { key: keys[3], limit: 50 }));
await measure("newest 50 that failed", () => listRequests(database, { outcome: "failed", limit: 50 }));
console.log(`overview: ${bytes} bytes`);
const link = await makeLink(database);
await database.close();
await besideThePage(link);
rmSync(folder, { recursive: true });
process.exit(0);

/** Rounds with and without a page that is loaded all the time, in turn: the ratio of neighbours. */
async function besideThePage(link) {
  const scene = await openScene("backend.mjs", 5);
  const backend = `http://127.0.0.1:${scene.backendPort}/backend-api`;
  const script = new URL("proxy/served-gateway.mjs", import.meta.url);
  const child = fork(script, [scene.root, backend, join(folder, "gateway.db")]);
  process.once("exit", () => child.kill());
  const [{ port, limited }] = await once(child, "message");
  const origin = `http://127.0.0.1:${port}`;
  const headers = { origin, "content-type": "application/json" };
  const signed = await fetch(`${origin}/api/session`, {
    method: "POST",
    headers,
    body: JSON.stringify({ link }),
  });
  const cookie = signed.headers.get("set-cookie")?.split(";")[0] ?? "";
  let looks = 0;
  const look = async ({ signal }) => {
    while (!signal.aborted) {
      const page = await fetch(`${origin}/`, { headers: { cookie, accept: "text/html" } });
      if (page.status !== 200 || !(await page.text()).includes("</html>")) throw new Error("no page");
      looks += 1;
    }
  };
  const client = await Client.open(port);
  const bytes = keyTurn({ path: "/backend-api/codex", more: [`authorization: Bearer ${limited}`] }, 2048);
  const slowest = async () => {
    const times = [];
    for (let run = 0; run < 600; run += 1) {
      const started = performance.now();
      await client.ask(bytes);
      times.push(performance.now() - started);
    }
    times.sort((one, other) => one - other);
    return { p50: times[300], p99: times[593] };
  };
  await slowest();
  const alone = [];
  const beside = [];
  for (let round = 0; round < rounds; round += 1) {
    alone.push(await slowest());
    const end = new AbortController();
    const looking = look(end);
    beside.push(await slowest());
    end.abort();
    await looking;
  }
  const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  for (const part of ["p50", "p99"]) {
    const [one, other] = [alone, beside].map((each) => median(each.map((times) => times[part])));
    const ratio = median(beside.map((times, at) => times[part] / alone[at][part]));
    console.log(
      `a request, ${part}: ${one.toFixed(2)} ms; while the overview is loaded again and again ${other.toFixed(2)} ms, ${ratio.toFixed(2)} times`,
    );
  }
  console.log(`${looks} pages in ${rounds} rounds, load of the machine ${loadavg()[0].toFixed(1)}`);
  client.close();
  await scene.close();
}

async function measure(name, work) {
  for (let run = 0; run < 5; run += 1) await work();
  const times = [];
  for (let run = 0; run < 40; run += 1) {
    const started = performance.now();
    await work();
    times.push(performance.now() - started);
  }
  times.sort((one, other) => one - other);
  console.log(`${name}: ${times[20].toFixed(1)} ms p50, ${times[37].toFixed(1)} ms p95`);
}

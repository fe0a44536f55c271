// Longer than 250 lines: one experiment with its checker, in the order in which it runs.
// Three gateways that share accounts in a PostgreSQL, under load, while gateways and renewals are killed, the clocks of their
// machines are set and the database crashes and stays away for up to a minute. An issuer whose refresh tokens work once counts every second use; at the end its
// books are compared with what the database holds, and what the clients saw with what their key was charged.
// A renewal is killed before the issuer takes its token, or with the new tokens on its disk, never between: that loses a
// login on every store. What went wrong is told step by step. It ends with 0 only where nothing went wrong, and where
// everything that is to be survived has happened.
// Usage: npm run soak [seconds, 150] [accounts, 8] [seed]
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as rest } from "node:timers/promises";
import { load } from "../../.ci/load.mjs";

const seconds = Number(process.argv[2] ?? 150);
const accounts = Number(process.argv[3] ?? 8);
let seed = Number(process.argv[4] ?? Date.now() % 100_000);
const program = new URL("../../bin/codex-auth", import.meta.url).pathname;
const { startPostgres } = await load("test/support/postgres.ts");
const { FakeIssuer } = await load("test/support/openai/issuer.ts");
const { openTestDatabase } = await load("test/support/databases.ts");
const vaults = await load("src/database/accounts/vault.ts");
const { loadAccounts } = await load("src/database/accounts/documents.ts");

const folder = mkdtempSync(join(tmpdir(), "codex-auth-soak-"));
const secret = Buffer.alloc(32, 5);
const counts = {
  gatewaysKilled: 0,
  gatewaysEnded: 0,
  renewalsKilledBeforeTheIssuer: 0,
  renewalsKilledWithNewTokens: 0,
  clocksSet: 0,
  databaseCrashes: 0,
  answered: 0,
  refused503: 0,
  cut: 0,
  unlimitedFailedInOutage: 0,
  unlimitedFailedElse: 0,
  sentWithoutIntent: 0,
  other: 0,
};
/** Every step of every token: when, what, by whom. */
const story = [];
const startedMs = Date.now();
const slow503 = [];
/** Which process sent a token, by its fingerprint. */
const spenders = new Map();
let limitedSent = 0;
let limitedAnswered = 0;
let limitedCut = 0;
let isDatabaseAway = false;
/** How often the database went and came. */
let turns = 0;
const issuer = new FakeIssuer();
// Always less than a gateway wants, so that every request makes it renew.
issuer.accessTokenSec = 300;
const issuedAt = Math.floor(Date.now() / 1000) - 3600;
const names = Array.from({ length: accounts }, (_, at) => `n${at}`);
const emailOf = (name) => `${name}@example.com`;

console.log(`seed ${seed}, ${seconds} s, ${accounts} accounts, three gateways`);
const postgres = await startPostgres();
const address = postgres.freshDatabase();
const backend = await startBackend();
const env = {
  PATH: process.env.PATH,
  LANG: "C.UTF-8",
  CODEX_AUTH_ISSUER: backend,
  CODEX_AUTH_BACKEND: `${backend}/backend-api`,
  CODEX_AUTH_DATABASE: address,
  CODEX_AUTH_KEY: secret.toString("base64"),
};
const replicas = [0, 1, 2].map((at) => {
  const home = join(folder, `home-${at}`);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const clock = join(folder, `clock-${at}`);
  writeFileSync(clock, "0");
  return { at, home, clock, url: null, child: null };
});
/** The clock of a machine, which somebody sets: loaded into its gateway and its renewals. */
const clockModule = join(folder, "clock.mjs");
writeFileSync(
  clockModule,
  `import { readFileSync } from "node:fs";
const now = Date.now;
let aheadMs = 0;
const look = () => (aheadMs = Number(readFileSync(process.env.SOAK_CLOCK, "utf8")) || 0);
look();
setInterval(() => { try { look(); } catch {} }, 100).unref();
const Real = Date;
Real.now = () => now() + aheadMs;
globalThis.Date = class extends Real {
  constructor(...words) {
    super(...(words.length === 0 ? [Real.now()] : words));
  }
};
`,
);
let isWell = false;
let watcher = null;
try {
  await prepare();
  watcher = await openWatcher();
  const keys = { limited: newKey("limited", ["--limit", "requests=1m/month"]), free: newKey("free", []) };
  await Promise.all(replicas.map(begin));
  const untilMs = Date.now() + seconds * 1000;
  await Promise.all([
    ...clients(keys, untilMs),
    trouble(untilMs),
    setClocks(untilMs),
    ...replicas.map((each) => tokenKiller(each, untilMs)),
  ]);
  await settle(keys);
  isWell = await check();
} finally {
  for (const { child } of replicas) child?.kill("SIGTERM");
  await rest(1_000);
  for (const each of replicas) each.child?.kill("SIGKILL");
  for (const pid of replicas.flatMap(renewalsOf)) kill(pid);
  await watcher?.database.close().catch(() => undefined);
  postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(isWell ? 0 : 1);

function random() {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return seed / 2_147_483_648;
}

async function startBackend() {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const path = (request.url ?? "").replace(/\?.*/, "");
    if (path.endsWith("/oauth/token"))
      await refresh(JSON.parse(Buffer.concat(chunks).toString()), request, response);
    else if (path.endsWith("/codex/responses")) answer(response);
    else response.writeHead(404, { "content-type": "application/json" }).end("{}");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return `http://127.0.0.1:${server.address().port}`;
}

function tell(what, print, pid, more = "") {
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(2);
  story.push({ print, line: `${seconds} s ${what}, token ${print}, process ${pid} ${more}` });
}

function printOf(token) {
  return createHash("sha256").update(token).digest("hex").slice(0, 16);
}

async function openWatcher() {
  const database = await openTestDatabase(address);
  const row = await vaults.readVaultRow(database);
  const vault = await vaults.openVault(database, row, { bytes: secret, from: "CODEX_AUTH_KEY" });
  return { database, vault };
}

/** Whoever sends a token has written before that he will; null while the database cannot be asked. */
async function hasIntent(print) {
  try {
    const { stored } = await loadAccounts(watcher.database, watcher.vault);
    return stored.some(
      ({ account: { refresh } }) => refresh?.kind === "intent" && refresh.fingerprint === print,
    );
  } catch {
    return null;
  }
}

/** Sometimes the renewal dies before its request is taken: then the token is as good as before. */
async function refresh({ refresh_token: token }, { socket }, response) {
  const pid = processBehind(socket.remotePort);
  const print = printOf(token);
  spenders.set(print, pid);
  if ((await hasIntent(print)) === false) {
    counts.sentWithoutIntent += 1;
    tell("arrived, and nobody had written that it will be sent", print, pid);
  }
  if (pid !== null && random() < 0.08) {
    kill(pid);
    counts.renewalsKilledBeforeTheIssuer += 1;
    tell("not taken, its process killed", print, pid);
    response.destroy();
    return;
  }
  const said = issuer.refresh(token);
  tell(`taken by the issuer: ${said.kind}`, print, pid);
  setTimeout(
    () => {
      const isGood = said.kind === "renewed";
      tell(response.destroyed ? "the answer found nobody" : "answered", print, pid);
      const body = isGood ? said.tokens : { error: { code: "refresh_token_reused" } };
      response
        .writeHead(isGood ? 200 : 401, { "content-type": "application/json" })
        .end(JSON.stringify(body));
    },
    5 + random() * 40,
  );
}

/** The renewal that has this port of the loopback; null when it is not found. */
function processBehind(port) {
  const end = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const line = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .find((each) => each.trim().split(/\s+/)[1] === end);
  const socket = `socket:[${line?.trim().split(/\s+/)[9]}]`;
  return replicas.flatMap(renewalsOf).find((pid) => openIn(pid).includes(socket)) ?? null;
}

function openIn(pid) {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}

function answer(response) {
  const usage = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
  const head = { id: `resp_${Math.floor(random() * 1e9)}`, object: "response", model: "gpt-6-sol" };
  const events = [
    { type: "response.created", response: { ...head, status: "in_progress", output: [] } },
    { type: "response.output_text.delta", item_id: "m", output_index: 0, content_index: 0, delta: "Hello" },
    { type: "response.completed", response: { ...head, status: "completed", output: [], usage } },
  ];
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.end(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(""));
}

function run(home, args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    env: { ...env, HOME: home, CODEX_HOME: home },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${args.join(" ")}: ${stderr}`);
  return stdout;
}

async function prepare() {
  const [{ home }] = replicas;
  for (const name of names) {
    const who = { email: emailOf(name), userId: `user-${name}`, accountId: `acct-${name}` };
    mkdirSync(join(home, "logins"), { recursive: true });
    const login = issuer.issue({ ...who, issuedAt, expiresInSec: 3600 + 300 });
    writeFileSync(join(home, "logins", `${name}.json`), JSON.stringify(login), { mode: 0o600 });
  }
  run(home, ["import", join(home, "logins")]);
  rmSync(join(home, "logins"), { recursive: true });
  for (const name of names) run(home, ["gateway", "adopt", emailOf(name)]);
}

function newKey(name, options) {
  const made = run(replicas[0].home, ["gateway", "key", "create", name, ...options, "--json"]);
  return JSON.parse(made).key.secret;
}

async function begin(replica) {
  const { home, clock } = replica;
  const machine = {
    HOME: home,
    CODEX_HOME: home,
    SOAK_CLOCK: clock,
    NODE_OPTIONS: `--import ${clockModule}`,
  };
  const child = spawn(process.execPath, [program, "gateway", "start"], {
    env: { ...env, ...machine },
    stdio: ["ignore", "ignore", "pipe"],
  });
  replica.child = child;
  let said = "";
  child.stderr.on("data", (chunk) => (said += chunk));
  child.once("exit", (code, signal) => {
    if (replica.url === null || replica.child !== child || code === 0) return;
    counts.gatewaysEnded += 1;
    console.log(`a gateway ended by itself (${signal ?? code}): ${said.slice(-2000)}`);
  });
  for (let tries = 0; tries < 1_200 && child.exitCode === null; tries += 1) {
    const found = /listens at (http\S+)/.exec(said);
    if (found) {
      replica.url = found[1];
      return;
    }
    await rest(50);
  }
  // The database is away: again in a moment, as a service would.
  child.kill("SIGKILL");
  await rest(1_000);
  await begin(replica);
}

function clients(keys, untilMs) {
  return replicas.flatMap((replica) =>
    [keys.limited, keys.free].map((key) => client(replica, key, key === keys.limited, untilMs)),
  );
}

async function client(replica, key, isLimited, untilMs) {
  while (Date.now() < untilMs) {
    if (replica.url !== null) await ask(replica.url, key, isLimited);
    await rest(50 + random() * 150);
  }
}

async function ask(url, key, isLimited) {
  const [wasAway, turn] = [isDatabaseAway, turns];
  if (isLimited) limitedSent += 1;
  const from = performance.now();
  try {
    const response = await fetch(`${url}/responses`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({
        model: "gpt-6-sol",
        input: "hello",
        stream: true,
        prompt_cache_key: `conversation-${Math.floor(random() * 40)}`,
      }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    const tookMs = performance.now() - from;
    if (response.status === 200 && text.includes("response.completed")) {
      counts.answered += 1;
      if (isLimited) limitedAnswered += 1;
    } else if (response.status === 503) {
      counts.refused503 += 1;
      if (wasAway && isDatabaseAway && isLimited) slow503.push(tookMs);
      // One that saw the database go or come is neither.
      if (turn === turns && !isLimited) {
        if (wasAway) counts.unlimitedFailedInOutage += 1;
        else counts.unlimitedFailedElse += 1;
        console.log(`a key without limits, database ${wasAway ? "away" : "there"}: ${text.slice(0, 300)}`);
      }
    } else {
      counts.other += 1;
      console.log(`HTTP ${response.status}: ${text.slice(0, 300)}`);
    }
  } catch {
    counts.cut += 1;
    if (isLimited) limitedCut += 1;
  }
}

/** Gateways are killed every few seconds; in the middle the database is away. */
async function trouble(untilMs) {
  const wholeMs = untilMs - Date.now();
  await killGateways(Date.now() + wholeMs * 0.3);
  isDatabaseAway = true;
  turns += 1;
  postgres.crash();
  counts.databaseCrashes += 1;
  await rest(Math.min(60_000, wholeMs * 0.4));
  isDatabaseAway = false;
  turns += 1;
  await postgres.start();
  turns += 1;
  await killGateways(untilMs - 8_000);
}

/** By less than the life of a token, which a machine judges by its own clock. */
async function setClocks(untilMs) {
  const steps = [-90_000, -5_000, -700, 0, 700, 5_000, 90_000];
  while (Date.now() < untilMs) {
    await rest(2_000 + random() * 3_000);
    const { clock } = replicas[Math.floor(random() * 3)];
    writeFileSync(clock, String(steps[Math.floor(random() * steps.length)]));
    counts.clocksSet += 1;
  }
}

async function killGateways(untilMs) {
  while (Date.now() < untilMs) {
    await rest(2_000 + random() * 2_000);
    const replica = replicas[Math.floor(random() * 3)];
    if (replica.url === null) continue;
    replica.url = null;
    replica.child.kill("SIGKILL");
    counts.gatewaysKilled += 1;
    await begin(replica);
  }
}

/** Kills renewals of a gateway as soon as new tokens lie on its disk, mostly before the database has them. */
async function tokenKiller(replica, untilMs) {
  const place = join(replica.home, "codex-auth", "fleet");
  let before = new Set(tokensIn(place));
  while (Date.now() < untilMs) {
    const now = tokensIn(place);
    for (const name of now.filter((each) => !before.has(each))) {
      const pid = spenders.get(/-([0-9a-f]{16})\.sealed/.exec(name)?.[1]) ?? null;
      if (pid === null || name.startsWith(".") || random() > 0.2) continue;
      kill(pid);
      counts.renewalsKilledWithNewTokens += 1;
      tell("new tokens on the disk, process killed", /-([0-9a-f]{16})\.sealed/.exec(name)?.[1] ?? "", pid);
    }
    before = new Set(now);
    await rest(2);
  }
}

function tokensIn(place) {
  try {
    return readdirSync(place).filter((name) => name.startsWith("tokens-"));
  } catch {
    return [];
  }
}

/** The processes that renew for this gateway, which outlive it. */
function renewalsOf({ home }) {
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      if (!readFileSync(`/proc/${name}/cmdline`, "utf8").includes("internal-renewal")) return false;
      return readFileSync(`/proc/${name}/environ`, "utf8").includes(`CODEX_HOME=${home}\0`);
    } catch {
      return false;
    }
  });
}

function kill(pid) {
  try {
    process.kill(Number(pid), "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** Every gateway is started once more, as its service would, and what was left open is ended. */
async function settle(keys) {
  for (const replica of replicas) if (replica.url === null) await begin(replica);
  for (let round = 0; round < 30; round += 1) {
    await Promise.all(replicas.map(({ url }) => ask(url, keys.free, false)));
    await rest(300);
  }
  while (replicas.some((each) => renewalsOf(each).length > 0)) await rest(200);
  // A gateway that is gone is charged after 30 s.
  await rest(37_000);
}

async function check() {
  const { database, vault } = await openWatcher();
  const { stored, damaged } = await loadAccounts(database, vault);
  const held = new Map(stored.map(({ account }) => [account.login.email, account]));
  const lost = names.filter(
    (name) => held.get(emailOf(name))?.login.refreshToken !== issuer.newestToken(emailOf(name)),
  );
  const flagged = stored.filter(({ account }) => account.flag !== null).length;
  const resting = stored.filter(({ account }) => account.refresh?.kind === "uncertain").length;
  const rows = await database.query("select id, body from documents where kind = 'usage'");
  const states = rows.map(({ body }) => JSON.parse(body));
  const charged = states
    .flatMap(({ counters = {} }) => Object.values(counters))
    .map((each) => each.used ?? 0);
  const open = states.reduce((sum, { tickets = {} }) => sum + Object.keys(tickets).length, 0);
  await database.close();
  const used = Math.max(0, ...charged);
  // Of what was not written to the disk at once, a crash of the database may take the last moments.
  const uncounted = Math.max(0, limitedAnswered - used);
  const isCounted = uncounted <= 5 * counts.databaseCrashes && used <= limitedAnswered + limitedCut;
  const wrong = {
    "tokens sent twice": issuer.reuses,
    "logins lost": lost.length,
    "accounts that were set aside": flagged,
    "accounts that do not open": damaged.length,
    "tokens sent without an intent in the database": counts.sentWithoutIntent,
    "gateways that ended by themselves": counts.gatewaysEnded,
    "requests without limits that failed while the database was away": counts.unlimitedFailedInOutage,
    "requests without limits that failed while it was there": counts.unlimitedFailedElse,
    "requests with another answer": counts.other,
    "requests that are still open": open,
    "requests charged wrongly": isCounted ? 0 : Math.abs(used - limitedAnswered),
  };
  const happened = {
    renewals: issuer.refreshes,
    "gateways killed": counts.gatewaysKilled,
    "renewals killed before the issuer": counts.renewalsKilledBeforeTheIssuer,
    "renewals killed with new tokens": counts.renewalsKilledWithNewTokens,
    "clocks set": counts.clocksSet,
    "refusals while the database was away": slow503.length,
  };
  slow503.sort((a, b) => a - b);
  const at = (part) =>
    slow503[Math.min(slow503.length - 1, Math.floor(slow503.length * part))]?.toFixed(0) ?? "-";
  console.log(
    [
      `renewals ${issuer.refreshes}, tokens sent twice ${issuer.reuses}, logins lost ${lost.length}, set aside ${flagged}, resting ${resting}, damaged ${damaged.length}, sent without an intent in the database ${counts.sentWithoutIntent}`,
      `gateways that ended by themselves ${counts.gatewaysEnded}; killed: gateways ${counts.gatewaysKilled}, renewals before the issuer took them ${counts.renewalsKilledBeforeTheIssuer}, renewals with new tokens on the disk ${counts.renewalsKilledWithNewTokens}, between the answer and the disk 0; clocks set ${counts.clocksSet}; database crashes ${counts.databaseCrashes}`,
      `requests: answered ${counts.answered}, 503 ${counts.refused503}, cut by a kill ${counts.cut}, other ${counts.other}`,
      `keys without limits failed while the database was away ${counts.unlimitedFailedInOutage}, while it was there ${counts.unlimitedFailedElse}; 503 for keys with limits: ${slow503.length}, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`,
      `the key with limits: sent ${limitedSent}, answered ${limitedAnswered}, cut by a kill ${limitedCut}, charged ${used}, still open ${open}`,
    ].join("\n"),
  );
  const told = new Set(lost.flatMap((name) => issuer.tokensOf(emailOf(name)).map(printOf)));
  for (const { print, line } of story) if (told.has(print)) console.log(line);
  const faults = Object.entries(wrong).filter(([, count]) => count > 0);
  const missing = Object.entries(happened).filter(([, count]) => count === 0);
  for (const [what, count] of faults) console.log(`WRONG: ${what}: ${count}`);
  for (const [what] of missing) console.log(`NOT SHOWN: ${what}: 0; let it run for longer`);
  return faults.length + missing.length === 0;
}

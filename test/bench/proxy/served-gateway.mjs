// A pool gateway in a process of its own, with two keys: one that is counted and one that is not. Sends its port and
// the keys; answers every message with what it has used so far. Usage: node served-gateway.mjs CODEX_HOME BACKEND DATABASE
import { existsSync, closeSync, openSync, statSync } from "node:fs";
import { createRequire } from "node:module";

// As `gateway start` does.
const { holdYoungSpace } = await import("../../../dist/lib/machine/engine-flags.js");
const youngSpace = holdYoungSpace();
const require = createRequire(import.meta.url);
const [home = "", backend = "", address = ""] = process.argv.slice(2);
const { startGateway } = await import("../../../dist/lib/gateway/gateway.js");
const { createKey } = await import("../../../dist/lib/gateway/keys/client-keys.js");
const { openDatabase } = await import("../../../dist/lib/database/open-database.js");
const { openStore } = await import("../../../dist/lib/store.js");

const database = await openDatabase({
  address,
  now: Date.now,
  makeFile: (path) => existsSync(path) || closeSync(openSync(path, "wx", 0o600)),
  fileId: (path) => String(statSync(path).ino),
  drivers: {
    nodeSqlite,
    libsql: async () => (path) => new (require("libsql"))(path),
    pg: () => import("pg"),
  },
});
const gateway = await startGateway({
  store: openStore({ env: { ...process.env, CODEX_HOME: home } }),
  database,
  journal: { append: () => undefined, read: () => "", replace: () => undefined },
  backend,
  renew: () => Promise.reject(new Error("No token of the benchmark ends.")),
  transformBody: async (body) => body,
});
const plenty = 1e12;
const limits = ["requests", "tokens", "cost"].map((kind) => ({ kind, window: "month", max: plenty }));
const keyOf = async (name, policy) => {
  const wish = { name: `${name}-${process.pid}`, role: "client", policy, expiresMs: null };
  return (await createKey(database, wish, "bench")).secret;
};
const limited = await keyOf("limited", { limits });
const unlimited = await keyOf("unlimited", { limits: [] });

youngSpace.growTo(8 * 1024 * 1024);
process.on("message", (message) => {
  if (message === "end") void end();
  else process.send(used());
});
process.send({ port: gateway.port, limited, unlimited });

async function end() {
  await gateway.close();
  await database.close();
  process.send(used(), () => process.exit(0));
}

function used() {
  const { user, system } = process.cpuUsage();
  const rssMb = process.memoryUsage.rss() / 1024 / 1024;
  return { cpuMs: (user + system) / 1000, rssMb, maxRssMb: process.resourceUsage().maxRSS / 1024 };
}

function nodeSqlite() {
  const sqlite = process.getBuiltinModule?.("node:sqlite");
  return sqlite ? (path) => new sqlite.DatabaseSync(path) : null;
}

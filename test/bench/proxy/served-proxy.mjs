// A rotation proxy in a process of its own. Sends its URL; answers every message with what it has used so far.
// Usage: node served-proxy.mjs CODEX_HOME BACKEND LIBRARY
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const [home = "", backend = "", lib = ""] = process.argv.slice(2);
let fileCalls = 0;
countFileCalls(fs);
countFileCalls(fs.promises);
syncBuiltinESMExports();
// Not the whole library: its schemas are no part of a running proxy.
const { startRotationProxy } = await import(`${lib}/proxy/rotation-proxy.js`);
const { openStore } = await import(`${lib}/store.js`);

const store = openStore({ env: { ...process.env, CODEX_HOME: home } });
const proxy = await startRotationProxy({
  store,
  key: "bench-0123456789abcdef",
  backend,
  renew: () => Promise.reject(new Error("No token of the benchmark ends.")),
});
process.on("message", (message) => {
  if (message === "end") void proxy.close().then(() => process.send(used(), () => process.exit(0)));
  else process.send(used());
});
process.send({ url: proxy.url });

function used() {
  const { user, system } = process.cpuUsage();
  const { maxRSS } = process.resourceUsage();
  const rssMb = process.memoryUsage.rss() / 1024 / 1024;
  const sockets = process.getActiveResourcesInfo().filter((each) => each === "TCPSocketWrap").length;
  const timers = process.getActiveResourcesInfo().filter((each) => each === "Timeout").length;
  const { accounts, inFlight } = proxy.status();
  return {
    cpuMs: (user + system) / 1000,
    maxRssMb: maxRSS / 1024,
    rssMb,
    fileCalls,
    sockets,
    timers,
    accounts,
    inFlight,
  };
}

function countFileCalls(module) {
  for (const [name, value] of Object.entries(module)) {
    if (typeof value !== "function" || /^[A-Z_]/.test(name)) continue;
    module[name] = function counted(...args) {
      fileCalls += 1;
      return Reflect.apply(value, this, args);
    };
  }
}

// The processes of a benchmark of the proxy: a backend, and a proxy with forged accounts in a home of its own.
import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeForgedLogins } from "../forged-logins.mjs";

const defaultLib = fileURLToPath(new URL("../../../dist/lib", import.meta.url));

/** `backend` is a script beside this one that sends its port; `args` are for it, `lib` is the built library. */
export async function openScene(backendScript, accounts, args = [], lib = defaultLib) {
  const root = mkdtempSync(join(tmpdir(), "codex-auth-bench-"));
  importAccounts(root, accounts);
  const backend = fork(new URL(backendScript, import.meta.url), args);
  const [backendPort] = await once(backend, "message");
  const forwarder = fork(new URL("bare-forwarder.mjs", import.meta.url), [`http://127.0.0.1:${backendPort}`]);
  const [forwarderPort] = await once(forwarder, "message");
  const profile = process.env["BENCH_PROFILE"];
  const execArgv = profile ? ["--cpu-prof", "--cpu-prof-dir", profile] : [];
  const script = new URL("served-proxy.mjs", import.meta.url);
  const proxy = fork(script, [root, `http://127.0.0.1:${backendPort}/backend-api`, lib], { execArgv });
  const [{ url }] = await once(proxy, "message");
  const ask = async (child, message) => {
    child.send(message);
    return (await once(child, "message"))[0];
  };
  return {
    backendPort,
    forwarderPort,
    root,
    url: new URL(url),
    /** What the proxy has used so far. */
    used: () => ask(proxy, "used"),
    /** What the bare forwarder has used so far. */
    bareUsed: () => ask(forwarder, "used"),
    /** What the backend has seen so far. */
    seen: () => ask(backend, "seen"),
    /** Ends everything; resolves to what the proxy had used when it had closed. */
    close: async () => {
      const end = await ask(proxy, "end");
      backend.kill();
      forwarder.kill();
      rmSync(root, { recursive: true, force: true });
      return end;
    },
  };
}

function importAccounts(home, count) {
  const folder = join(home, "logins");
  writeForgedLogins(folder, count);
  const binary = fileURLToPath(new URL("../../../bin/codex-auth", import.meta.url));
  const env = { ...process.env, CODEX_HOME: home };
  execFileSync(process.execPath, [binary, "import", folder], { env, stdio: "ignore" });
}

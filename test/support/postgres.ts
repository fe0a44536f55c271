// A PostgreSQL of the tests' own: started once, on loopback, as a user that is not root, and gone with the test process.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as rest } from "node:timers/promises";

/** Where the server programs lie; null where PostgreSQL is not installed. */
export function postgresPrograms(): string | null {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  return (
    versions
      .map((version) => join(debian, version, "bin"))
      .find((path) => existsSync(join(path, "initdb"))) ?? null
  );
}

export interface TestPostgres {
  /** The address of a new, empty database. */
  freshDatabase(): string;
  /** The address of a copy, as a restored backup is one. */
  copyDatabase(address: string): string;
  /** As a power loss would end it; resolves when it is gone. `start` brings it back on the same port and data. */
  crash(): Promise<void>;
  start(): Promise<void>;
  stop(): void;
}

/** A busy machine takes its time to start one, above all one that crashed. */
const patienceMs = 60_000;

/** Benchmarks want a disk, tests want it fast. */
export async function startPostgres({ where = tmpdir() } = {}): Promise<TestPostgres> {
  const programs = postgresPrograms();
  if (programs === null) throw new Error("PostgreSQL is not installed: apt-get install postgresql");
  const folder = mkdtempSync(join(where, "codex-auth-pg-"));
  const data = join(folder, "data");
  const who = ordinaryUser();
  if (who) chownSync(folder, who.uid, who.gid);
  chmodSync(folder, 0o700);
  const env = { PATH: process.env["PATH"], LANG: "C", LC_ALL: "C", TZ: "UTC" };
  const options = { env, cwd: folder, ...who };
  const initdb = ["-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync"];
  execFileSync(join(programs, "initdb"), initdb, { ...options, stdio: "ignore" });
  let server: ChildProcess | null = null;
  let gone = Promise.resolve<unknown>(null);
  let count = 0;
  // Asked for as late as may be: whoever else starts a server takes a free one, too.
  let port = await freePort();
  const url = (name: string) => `postgres://tester@127.0.0.1:${port}/${name}`;
  const psql = (sql: string, name = "postgres") =>
    spawnSync(join(programs, "psql"), ["-q", "-d", url(name), "-c", sql], { ...options, stdio: "ignore" })
      .status;
  /** Whether it has come up; one that ends at once, as where another has taken its port, has not. */
  const comesUp = async () => {
    await gone;
    const flags = [
      "-D",
      data,
      "-p",
      String(port),
      "-k",
      "",
      "-c",
      "listen_addresses=127.0.0.1",
      "-c",
      "max_connections=200",
    ];
    const child = spawn(join(programs, "postgres"), flags, { ...options, stdio: "ignore" });
    server = child;
    gone = once(child, "exit");
    const untilMs = Date.now() + patienceMs;
    while (child.exitCode === null && child.signalCode === null && Date.now() < untilMs) {
      if (psql("select 1") === 0) return true;
      await rest(25);
    }
    return false;
  };
  const start = async () => {
    for (let tries = 0; tries < 5; tries += 1) {
      if (await comesUp()) return;
      // Somebody's connection may have the port for a moment.
      await rest(200);
    }
    throw new Error("PostgreSQL did not start.");
  };
  const end = (signal: NodeJS.Signals) => {
    server?.kill(signal);
    server = null;
  };
  const stop = () => {
    end("SIGQUIT");
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  };
  process.once("exit", stop);
  for (let tries = 1; !(await comesUp()); tries += 1) {
    if (tries === 5) throw new Error("PostgreSQL did not start.");
    port = await freePort();
  }
  return {
    start,
    stop,
    crash: async () => {
      end("SIGQUIT");
      await gone;
    },
    copyDatabase: (address) => {
      const name = new URL(address).pathname.slice(1);
      if (psql(`create database ${name}_copy template ${name}`) !== 0) throw new Error("No copy was made.");
      return url(`${name}_copy`);
    },
    freshDatabase: () => {
      count += 1;
      const name = `test_${process.pid}_${count}`;
      if (psql(`create database ${name}`) !== 0) throw new Error("The database was not made.");
      return url(name);
    },
  };
}

/** PostgreSQL refuses to run as root. */
function ordinaryUser(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const id = (flag: string) => Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout);
  return { uid: id("-u") || 65_534, gid: id("-g") || 65_534 };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

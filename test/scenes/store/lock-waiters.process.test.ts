import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { buildSync } from "esbuild";
import { expect, onTestFinished, test } from "vitest";
import { putUpLock } from "../../../src/store/locks/lock-folder.ts";
import { endedProcess } from "../../support/faulty-fs.ts";
import { makeHome } from "../../support/store-home.ts";

const trials = process.env["CODEX_AUTH_SOAK"] ? 1000 : 100;
const dead = endedProcess();

interface Worker {
  /** Lets it take the lock; resolves to what it reports. */
  take: (path: string) => Promise<string>;
}

function startWorker(script: string): Worker {
  const child = spawn(process.execPath, [script], { env: {}, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  onTestFinished(() => void child.kill());
  return {
    take: async (path) => {
      child.stdin.write(`${path}\n`);
      const { value } = await lines.next();
      return String(value);
    },
  };
}

test(`8, 4 and 2 processes that wait for the lock of a dead one never hold it together, ${trials} times`, async () => {
  const { dir } = makeHome();
  const script = join(dir, "worker.cjs");
  const entry = new URL("../../support/lock-worker.ts", import.meta.url).pathname;
  buildSync({ entryPoints: [entry], outfile: script, bundle: true, platform: "node", format: "cjs" });
  const workers = Array.from({ length: 8 }, () => startWorker(script));
  let slow = 0;
  for (const amount of [8, 4, 2] as const) {
    for (let trial = 0; trial < trials; trial += 1) {
      const path = join(dir, "store.lock");
      const token = (trial + 1).toString(16).padStart(16, "0");
      putUpLock(fs, path, { ...dead, token, purpose: "test", since: "" });
      const began = performance.now();
      const reports = await Promise.all(workers.slice(0, amount).map((worker) => worker.take(path)));
      if (performance.now() - began > 9_000) slow += 1;
      expect(new Set(reports)).toEqual(new Set(["alone"]));
      expect(fs.readdirSync(dir)).toEqual(["worker.cjs"]);
    }
  }
  // Ten seconds is what each takes when only the age of the lock tells; a busy machine keeps one waiting now and then.
  expect(slow).toBeLessThan(trials / 20);
});

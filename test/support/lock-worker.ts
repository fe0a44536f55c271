import * as fs from "node:fs";
import { createInterface } from "node:readline";
import { currentProcess } from "../../src/machine/processes.ts";
import { acquireLock } from "../../src/store/locks/lock.ts";

/** A process that takes the lock named by each line of its input, and reports whether it was alone inside. */
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

createInterface({ input: process.stdin }).on("line", (path) => void takeTurn(path));

async function takeTurn(path: string): Promise<void> {
  const request = { path, purpose: "test", self: currentProcess(), fs, sleep };
  try {
    const lease = await acquireLock(request);
    const wasAlone = enter(`${path}-inside`);
    await sleep(2);
    if (wasAlone) fs.rmdirSync(`${path}-inside`);
    lease.assertOwned();
    await lease.release();
    process.stdout.write(wasAlone ? "alone\n" : "together\n");
  } catch (error) {
    process.stdout.write(`${String(error)}\n`);
  }
}

function enter(inside: string): boolean {
  try {
    fs.mkdirSync(inside);
    return true;
  } catch {
    return false;
  }
}

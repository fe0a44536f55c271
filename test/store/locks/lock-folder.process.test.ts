import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { readOwner } from "../../../src/store/locks/lock-folder.ts";
import { hasFlock, holdFlock, storeIsLocked } from "../../support/flock.ts";
import { binary, ended, homeWith, run, start } from "../../support/store-home.ts";
import { leftovers } from "../../support/tree.ts";

const why = hasFlock ? "" : " (skipped: there is no flock program)";

describe.skipIf(why)(`a command that ends while it holds the lock${why}`, () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("by %s gives the lock back", async (signal) => {
    const home = await homeWith(["a", "b"]);
    await holdFlock(home.paths.authLock);
    const locked = storeIsLocked(home);
    const child = start(home, ["switch", "label-b"]);
    const end = ended(child);
    await locked;
    child.kill(signal);
    expect(await end).toMatchObject({ signal });
    expect(leftovers(home)).toEqual([]);
  });

  // Found here: in a container whose first process reaps nobody, a killed command stays as a zombie, which answers
  // signals and was taken for alive. The store was locked until the container ended.
  test.skipIf(process.platform !== "linux")("by kill -9 and is never reaped counts as dead", async () => {
    const home = await homeWith(["a", "b"]);
    const codex = await holdFlock(home.paths.authLock);
    const locked = storeIsLocked(home);
    const script = '"$@" & exec sleep 600';
    const parent = spawn("sh", ["-c", script, "sh", process.execPath, binary, "switch", "label-b"], {
      env: home.env,
      stdio: "ignore",
    });
    onTestFinished(() => void parent.kill("SIGKILL"));
    await once(parent, "spawn");
    await locked;
    const { pid = 0 } = readOwner(fs, home.paths.storeLock) ?? {};
    process.kill(pid, "SIGKILL");
    await codex.release();
    while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8")))
      await new Promise((resolve) => setImmediate(resolve));
    expect(await run(home, ["switch", "label-b"])).toMatchObject({ code: 0, stderr: "" });
    expect(leftovers(home)).toEqual([]);
  });
});

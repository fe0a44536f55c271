import * as fs from "node:fs";
import { join } from "node:path";
import type { Context, Finished, Output } from "./cli/context.ts";
import { runProgram } from "./cli/program.ts";
import { waitTeller } from "./cli/wait-lines.ts";
import { currentFolder } from "./platform/current-folder.ts";
import { databaseDrivers } from "./platform/database-drivers.ts";
import { networkIn } from "./platform/environment-fetch.ts";
import { interruptible } from "./platform/interrupt.ts";
import { openInBrowser } from "./platform/open-url.ts";
import { readAllInput, readLine } from "./platform/standard-input.ts";
import { askOnTerminal } from "./platform/prompt.ts";
import { isTerminal, openOutput } from "./platform/standard-output.ts";
import { commands } from "./commands/index.ts";
import { renewalWord, runRenewal, startRenewal } from "./platform/renewal-process.ts";
import { onStopSignal, sendSignal } from "./platform/stop-signal.ts";
import { startDetached } from "./platform/detached.ts";
import { runInherited } from "./platform/run-inherited.ts";
import { runToEnd } from "./platform/run-program.ts";
import { sleep } from "./platform/sleep.ts";
import { websocketStatus } from "./platform/websocket-status.ts";
import { codexProcesses } from "./store/codex-processes.ts";
import { openFileStore } from "./store/file-store.ts";
import { resolvePaths, userHome } from "./store/paths.ts";
import { currentProcess } from "./store/process-identity.ts";

const packageRoot = join(__dirname, "../..");
const here = { env: process.env, cwd: currentFolder() };
const context = makeContext(here, openOutput(1, process.env), openOutput(2, process.env));

/** Whether the command wrote to the store. */
export const finished = main();

type Place = Pick<Context, "env" | "cwd">;

async function main(): Promise<boolean> {
  if (process.argv[2] === renewalWord) {
    await runRenewal({ ...context, self: currentProcess });
    return false;
  }
  process.exitCode = await runProgram(context, commands, process.argv.slice(2));
  return context.store.hasWritten();
}

function makeContext({ env, cwd }: Place, stdout: Output, stderr: Output): Context {
  const paths = resolvePaths(env, userHome(env), cwd);
  const network = networkIn(env);
  const processes = () => codexProcesses(paths.codexHome);
  const onWait = waitTeller(stderr);
  const effects = { fs, now: Date.now, sleep, self: currentProcess, processes, onWait };
  return {
    stdin: {
      get isTerminal() {
        return isTerminal(0);
      },
      readAll: readAllInput,
      readLine,
    },
    stdout,
    stderr,
    env,
    cwd,
    platform: process.platform,
    now: Date.now,
    sleep,
    prompt: askOnTerminal,
    interruptible,
    openUrl: openInBrowser,
    spawn: (command, args) => runToEnd(command, args, env),
    run: (program, args, { env: other, timeoutMs }) => runToEnd(program, args, other, timeoutMs),
    pid: process.pid,
    runInherited,
    startDetached: (argv, run) => startDetached(join(packageRoot, "bin/codex-auth"), argv, run),
    sendSignal,
    onStopSignal,
    schedule,
    ...network,
    websocketStatus: async (url, timeoutMs) =>
      await websocketStatus(url, timeoutMs, (await network.agents())(url)),
    renew: (accountId, need) => startRenewal(join(packageRoot, "bin/codex-auth"), { accountId, need }),
    processes,
    fs,
    databaseDrivers,
    store: openFileStore(paths, effects),
    packageRoot,
    runCaptured,
  };
}

async function runCaptured(place: Place, argv: readonly string[], like: Output): Promise<Finished> {
  let output = "";
  const sink: Output = { ...like, write: (text) => void (output += text) };
  const code = await runProgram(makeContext(place, sink, sink), commands, argv);
  return { code, output };
}

function schedule(delayMs: number, work: () => void): () => void {
  const timer = setTimeout(work, delayMs);
  return () => clearTimeout(timer);
}

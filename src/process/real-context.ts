import * as nodeFs from "node:fs";
import type { Context, Finished, Output } from "../context.ts";
import { codexProcesses } from "../machine/codex-processes.ts";
import { resolvePaths, userHome } from "../machine/paths.ts";
import { currentProcess } from "../machine/processes.ts";
import { keyringHere } from "../machine/systems/here.ts";
import type { CommandEntry } from "../program/command.ts";
import { type Hooks, runProgram } from "../program/program.ts";
import { waitTeller } from "../program/passing-line.ts";
import type { FindSlot } from "../store/context.ts";
import { openFileStore } from "../store/file-store.ts";
import { findSlot } from "../store/homes/live-place.ts";
import { sealingFs } from "../store/seal/sealing-fs.ts";
import { databaseDrivers } from "./database-drivers.ts";
import { keyTerminal } from "./key-terminal.ts";
import { networkIn, websocketStatus } from "./network.ts";
import { openInBrowser, runInherited, runToEnd, startDetached } from "./programs.ts";
import { startRenewal } from "./renewal.ts";
import { currentFolder, interruptible, onStopSignal, sendSignal, sleep } from "./signals.ts";
import { askOnTerminal, openOutput, standardInput } from "./streams.ts";

type Place = Pick<Context, "env" | "cwd">;

export interface ProgramParts {
  packageRoot: string;
  commands: readonly CommandEntry[];
}

/** The outside world as it is. */
export function makeContext(
  { env, cwd }: Place,
  { stdout, stderr }: Pick<Context, "stdout" | "stderr">,
  parts: ProgramParts,
): Context {
  const { packageRoot } = parts;
  const paths = resolvePaths(env, userHome(env), cwd);
  const fs = sealingFs(nodeFs, paths, env);
  const network = networkIn(env);
  const processes = () => codexProcesses(paths.codexHome);
  const onWait = waitTeller(stderr);
  const logins = { fs, env, platform: process.platform, keyring: keyringHere(env) };
  const find: FindSlot = (home) => findSlot(logins, home);
  const storeContext = { fs, now: Date.now, sleep, self: currentProcess, processes, onWait, findSlot: find };
  return {
    stdin: standardInput,
    stdout,
    stderr,
    env,
    cwd,
    platform: process.platform,
    now: Date.now,
    sleep,
    prompt: askOnTerminal,
    keyTerminal: (output) => keyTerminal(env, output === "stdout" ? 1 : 2),
    interruptible,
    openUrl: async (url) => await openInBrowser(url, env),
    spawn: (command, args) => runToEnd(command, args, { env, cwd }),
    run: (program, args, options) => runToEnd(program, args, { cwd, ...options }),
    pid: process.pid,
    runInherited,
    startDetached: (argv, run) => startDetached(`${packageRoot}/bin/codex-auth`, argv, run),
    sendSignal,
    onStopSignal,
    schedule,
    ...network,
    websocketStatus: async (url, timeoutMs) =>
      await websocketStatus(url, timeoutMs, (await network.agents())(url)),
    renew: (accountId, need, shared) =>
      startRenewal(`${packageRoot}/bin/codex-auth`, { accountId, need, ...(shared ? { shared } : {}) }),
    processes,
    fs,
    databaseDrivers,
    store: openFileStore(paths, storeContext),
    packageRoot,
    runCaptured: (place, argv, like) => runCaptured(parts, place, argv, like),
  };
}

async function runCaptured(
  parts: ProgramParts,
  place: Place,
  argv: readonly string[],
  like: Output,
): Promise<Finished> {
  let output = "";
  const sink: Output = { ...like, write: (text) => void (output += text) };
  const code = await runProgram(
    makeContext(place, { stdout: sink, stderr: sink }, parts),
    parts.commands,
    argv,
  );
  return { code, output };
}

function schedule(delayMs: number, work: () => void): () => void {
  const timer = setTimeout(work, delayMs);
  return () => clearTimeout(timer);
}

/** The context of this process. */
export function contextHere(commands: readonly CommandEntry[], packageRoot: string): Context {
  const { env } = process;
  const outputs = { stdout: openOutput(1, env), stderr: openOutput(2, env) };
  return makeContext({ env, cwd: currentFolder() }, outputs, {
    packageRoot,
    commands,
  });
}

/** Runs the command line of this process; tells whether it wrote to the store. */
export async function runHere(
  ctx: Context,
  commands: readonly CommandEntry[],
  hooks?: Hooks,
): Promise<boolean> {
  process.exitCode = await runProgram(ctx, commands, process.argv.slice(2), hooks);
  return ctx.store.hasWritten();
}

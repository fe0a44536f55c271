import { spawn } from "node:child_process";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { refreshAccount } from "../../src/auth/renew/refresh.ts";
import { commands } from "../../src/commands/index.ts";
import type { Ending, InheritedRun } from "../../src/context.ts";
import { makeContext } from "../../src/process/real-context.ts";
import { outputOf, pipedInput } from "../../src/process/streams.ts";
import { runProgram } from "../../src/program/program.ts";
import { waitTeller } from "../../src/program/passing-line.ts";
import { openFileStore } from "../../src/store/file-store.ts";
import { sealingFs } from "../../src/store/seal/sealing-fs.ts";
import { quietParts, quietFs } from "./quiet-machine.ts";

const packageRoot = fileURLToPath(new URL("../..", import.meta.url));

interface Given {
  env: Record<string, string>;
  cwd: string;
  input: string;
}

/**
 * Runs a command line as main.ts does, but inside this process: with the real effects, only that a renewal gets no
 * process of its own, and that nothing here is a terminal or stops at a signal.
 */
export async function runInProcess(args: readonly string[], { env, cwd, input }: Given) {
  const said = { stdout: "", stderr: "" };
  const outputs = {
    stdout: outputOf((text) => void (said.stdout += text), env),
    stderr: outputOf((text) => void (said.stderr += text), env),
  };
  const context = makeContext({ env, cwd }, outputs, { packageRoot, commands });
  const { now, sleep } = context;
  // A Codex that runs on the machine of the tests is none of theirs, and looking for one reads all of /proc.
  const processes = () => [];
  const fs = sealingFs(quietFs, context.store.paths, env);
  const onWait = waitTeller(outputs.stderr);
  const store = openFileStore(context.store.paths, { fs, now, sleep, processes, onWait, ...quietParts });
  const renewal = { ...context, store, processes, ...quietParts, isCancelled: () => false };
  const code = await runProgram(
    {
      ...context,
      fs,
      flock: quietParts.flock,
      store,
      processes,
      stdin: pipedInput(Readable.from(input === "" ? [] : [Buffer.from(input)])),
      renew: (id, need) => refreshAccount(renewal, id, need),
      prompt: () => needsProcess("a terminal"),
      openUrl: () => needsProcess("a browser"),
      runInherited: (command, words, inherited) => runInto(said, { command, words, cwd, ...inherited }),
      onStopSignal: () => needsProcess("signals"),
    },
    commands,
    args,
  );
  return { code, ...said };
}

interface Program extends InheritedRun {
  command: string;
  words: readonly string[];
  cwd: string;
}

/** A program of `exec`, whose output goes where ours goes. */
function runInto(
  said: { stdout: string; stderr: string },
  { command, words, cwd, env, onStart }: Program,
): Promise<Ending> {
  const child = spawn(command, words, { env: { ...env }, cwd, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.on("data", (chunk: Buffer) => void (said.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => void (said.stderr += chunk.toString()));
  child.once("spawn", () => onStart(child.pid ?? 0));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ kind: "exited", code: code ?? 1 }));
  });
}

/** What one process of many tests has only once. */
function needsProcess(what: string): never {
  throw new Error(`This command uses ${what}: run it with runProcess.`);
}

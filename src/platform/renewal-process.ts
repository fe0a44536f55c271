import { refreshAccount } from "../auth/refresh.ts";
import type { RefreshEffects } from "../auth/refresh.ts";
import type { RefreshNeed, RefreshOutcome } from "../auth/renewal-words.ts";
import type { CommandErrorCode } from "../errors/command-errors.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { startError } from "./start-error.ts";

/** The first word of the command line of the process that spends a refresh token. No command for people. */
export const renewalWord = "internal-renewal";

interface Job {
  accountId: string;
  need: RefreshNeed;
}

type Message =
  | { outcome: RefreshOutcome }
  | { error: { code: CommandErrorCode; message: string; hint: string | undefined } }
  | { fault: string };

/**
 * Hands a renewal to a detached process and waits for it. When this process is killed, that one still finishes what it
 * has sent; its standard input ending tells it not to begin. Tokens travel only through files of the store.
 */
export function startRenewal(
  program: string,
  job: Job,
  env: NodeJS.ProcessEnv = process.env,
): Promise<RefreshOutcome> {
  const { spawn } = process.getBuiltinModule("node:child_process");
  const child = spawn(process.execPath, [program, renewalWord], {
    detached: true,
    stdio: ["pipe", "pipe", "inherit"],
    env,
  });
  child.stdin.on("error", () => undefined);
  child.stdin.write(`${JSON.stringify(job)}\n`);
  return new Promise((resolve, reject) => {
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => void (output += chunk.toString()));
    child.once("error", (error) => reject(startError(error, "The process that renews tokens")));
    child.once("close", () => {
      child.stdin.destroy();
      try {
        resolve(read(output));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}

function read(output: string): RefreshOutcome {
  if (output === "") throw killedError();
  const message = JSON.parse(output) as Message;
  if ("outcome" in message) return message.outcome;
  if ("fault" in message) throw new Error(message.fault);
  const { code, message: text, hint } = message.error;
  throw new CodexAuthError(code, text, hint === undefined ? {} : { hint });
}

function killedError(): CodexAuthError {
  return new CodexAuthError("refresh_uncertain", "The process that renewed the token was killed.", {
    hint: "Nothing is overwritten. See what is known: codex auth list",
  });
}

/** The other side: does one job from standard input and prints one message. */
export async function runRenewal(effects: Omit<RefreshEffects, "isCancelled">): Promise<void> {
  for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.on(signal, () => undefined);
  let isCancelled = false;
  const job = await readJob(() => (isCancelled = true));
  const message = await work({ ...effects, isCancelled: () => isCancelled }, job);
  process.stdout.on("error", () => undefined);
  process.stdout.write(JSON.stringify(message), () => process.exit(0));
}

async function work(effects: RefreshEffects, { accountId, need }: Job): Promise<Message> {
  try {
    return { outcome: await refreshAccount(effects, accountId, need) };
  } catch (error) {
    if (!(error instanceof CodexAuthError))
      return { fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    const { code, message, hint } = error;
    return { error: { code, message, hint } };
  }
}

/** The first line of standard input. Its end means that the command has gone. */
function readJob(onEnd: () => void): Promise<Job> {
  return new Promise((resolve) => {
    let text = "";
    process.stdin.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("\n")) resolve(JSON.parse(text) as Job);
    });
    process.stdin.on("end", onEnd);
    process.stdin.on("error", onEnd);
  });
}

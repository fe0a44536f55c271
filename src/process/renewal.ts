import type { RefreshNeed, RefreshOutcome } from "../auth/renew/need.ts";
import type { SharedAccounts } from "../database/accounts/open-accounts.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { CommandErrorCode } from "../errors/command-errors.ts";
import { renewalWord } from "../program/invocation.ts";
import { startError } from "./programs.ts";

export interface RenewalJob {
  accountId: string;
  need: RefreshNeed;
  /** Where the account is, if it is not in the pool of this machine. */
  shared?: SharedAccounts;
}

export type RenewalMessage =
  | { outcome: RefreshOutcome }
  | { error: { code: CommandErrorCode; message: string; hint: string | undefined } }
  | { fault: string };

/**
 * Hands a renewal to a detached process and waits for it. When this process is killed, that one still finishes what it
 * has sent; its standard input ending tells it not to begin. Tokens travel only through files of the store.
 */
export function startRenewal(
  program: string,
  job: RenewalJob,
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
  const message = JSON.parse(output) as RenewalMessage;
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

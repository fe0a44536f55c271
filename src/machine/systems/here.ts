import type { Env } from "../../codex/environment.ts";
import { errorCode } from "../file-error.ts";
import { type AskWith, keyringOf, type Keyring } from "./keyring.ts";
import { linux } from "./linux.ts";
import { macos } from "./macos.ts";
import type { Ask, System } from "./system.ts";
import { windows } from "./windows.ts";

/** What looks at a computer of this kind, as Node names it; on one that nobody has tried, it reads /proc. */
export function systemOf(platform: string): System {
  if (platform === "darwin") return macos(ask);
  return platform === "win32" ? windows(ask) : linux;
}

/** The keyring of this user; null where no program reaches it. */
export function keyringHere(env: Env): Keyring | null {
  return keyringOf(process.platform, askWith(env));
}

/** A keyring may ask its user to unlock it. */
const patienceMs = 60_000;

function askWith(env: Env): AskWith {
  return (program, args, input = "") => {
    const { spawnSync } = process.getBuiltinModule("node:child_process");
    const { status, stdout, error } = spawnSync(program, args, {
      env,
      input,
      encoding: "utf8",
      timeout: patienceMs,
      maxBuffer: 64_000_000,
    });
    return { status, stdout: stdout ?? "", isMissing: errorCode(error) === "ENOENT" };
  };
}

/** A program that does not answer within some seconds tells nothing. */
const ask: Ask = (program, args) => {
  // Asked for here, because it brings all of Node's network code along.
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const { status, stdout } = spawnSync(program, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 10_000,
    maxBuffer: 64_000_000,
    windowsHide: true,
  });
  return status === 0 ? stdout : null;
};

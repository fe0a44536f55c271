import type { Env } from "../../codex/environment.ts";
import type { FileSystem } from "../../machine/file-system.ts";
import { keyringHere } from "../../machine/systems/here.ts";
import type { Paths } from "../../machine/paths.ts";
import { Vault } from "./vault.ts";

/** As long as a person may take to unlock what the command asks. */
const patienceMs = 60_000;

/** A file system with the vault of one pool. Nothing is asked for a key until a sealed file is read. */
export function sealingFs(fs: FileSystem, { storeDir }: Paths, env: Env): FileSystem {
  const keyring = keyringHere(env);
  const vault = new Vault({
    env,
    storeDir,
    fs,
    keyring,
    runCommand: (command) => commandOutput(command, env),
  });
  return withVault(fs, vault);
}

/** The same files with another vault. Not a copy: to read every name of node:fs loads its streams and promises too. */
export function withVault(fs: FileSystem, vault: FileSystem["vault"]): FileSystem {
  return Object.create(fs, { vault: { value: vault, enumerable: true } }) as FileSystem;
}

/** What the command says on standard error is for the person who wrote it. */
export function commandOutput(command: string, env: Env): string | null {
  const { status, stdout } = spawnSync()(command, {
    shell: true,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: patienceMs,
  });
  return status === 0 ? stdout : null;
}

/** It is slow to load; see store/hash.ts. */
function spawnSync() {
  return process.getBuiltinModule("node:child_process").spawnSync;
}

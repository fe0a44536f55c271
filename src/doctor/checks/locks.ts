import { mountOf } from "../../machine/disks.ts";
import { windowsMount } from "../../machine/path-kind.ts";
import { type LockState, lockStates, userOfLock } from "../../store/locks/lock-folder.ts";
import { lockHelper, lockProgramNames } from "../../store/locks/lock-helper.ts";
import type { DoctorCheck, FoundFault } from "../check.ts";
import type { Facts } from "../facts.ts";

/** File systems of other machines or other systems, on which a lock may not keep the other side out. */
const kinds: Record<string, string> = {
  nfs: "NFS",
  nfs4: "NFS",
  cifs: "a Windows share",
  smb3: "a Windows share",
  smbfs: "a Windows share",
  "9p": "9p, as WSL mounts Windows disks",
  drvfs: "drvfs, as WSL mounts Windows disks",
  vboxsf: "a VirtualBox share",
  prl_fs: "a Parallels share",
  afs: "AFS",
  afpfs: "a share of another Mac",
  webdav: "WebDAV",
  macfuse: "a FUSE file system",
};

export const locksUnreliable: DoctorCheck = {
  id: "locks_unreliable",
  area: "store",
  severity: "warning",
  title: "the file system may have no working locks",
  look: ({ ctx, paths }) => {
    if (ctx.platform === "win32") return { skipped: "Windows does not tell" };
    const folders = [...new Set([paths.codexHome, paths.storeDir])];
    const onWindows = windowsMount(ctx.fs, paths.codexHome) !== null;
    const found = folders.flatMap((folder) => {
      const place = mountOf(ctx.fs, folder, ctx.platform);
      const name = place && nameOf(place.kind);
      if (!place || !name || (onWindows && isInside(folder, paths.codexHome))) return [];
      return [{ folder, name, kind: place.kind, mountPoint: place.mountPoint }];
    });
    const [first] = found;
    if (!first) return [];
    const message = `${first.folder} is on ${first.name}, where locks may not work: two programs could renew one token.`;
    const evidence = found.map(
      ({ folder, kind, mountPoint }) => `${folder}: ${kind}, mounted at ${mountPoint}`,
    );
    const variable = first.folder === paths.codexHome ? "CODEX_HOME" : "CODEX_AUTH_DIR";
    return [{ message, evidence, command: `export ${variable}=<a folder on a disk of this machine>` }];
  },
};

function nameOf(kind: string): string | null {
  if (kind.startsWith("fuse.")) return kind;
  return Object.hasOwn(kinds, kind) ? (kinds[kind] ?? null) : null;
}

/** A CODEX_HOME on a Windows disk in WSL has more wrong with it than its locks, and a check of its own. */
function isInside(folder: string, codexHome: string): boolean {
  return folder === codexHome || folder.startsWith(`${codexHome}/`);
}

export const lockHeld: DoctorCheck = {
  id: "lock_held",
  area: "store",
  severity: "info",
  title: "another command of ours is at work",
  look: ({ ctx, paths }) =>
    lockStates(ctx.fs, paths.locksDir)
      .filter(({ isDead }) => !isDead)
      .map(({ name, owner: { pid, host, purpose, since } }) => ({
        message: `${name} is held by process ${pid} on ${host}: ${purpose}, since ${since}.`,
        command: null,
      })),
};

/** Harmless: the next command takes it over in milliseconds. */
export const lockLeftOver: DoctorCheck = {
  id: "lock_left_over",
  area: "store",
  severity: "info",
  title: "a killed command has left a lock",
  look: (facts) =>
    deadLocks(facts).map(({ path, name, owner: { pid, purpose, since } }) => ({
      message: `${name} was left by a command that was killed; the next one takes it over.`,
      evidence: [`process ${pid}, which has ended: ${purpose}, since ${since}`],
      command: "codex auth fix",
      fix: {
        does: `Remove the lock ${path} of a process that has ended.`,
        apply: async () => {
          const lock = deadLocks(facts).find((each) => each.path === path);
          if (lock) await takeAndRelease(facts, lock);
        },
      },
    })),
};

function deadLocks({ ctx, paths }: Facts): LockState[] {
  return lockStates(ctx.fs, paths.locksDir).filter(({ isDead }) => isDead);
}

/** The lock itself knows best how it is taken over. */
async function takeAndRelease({ ctx }: Facts, lock: LockState): Promise<void> {
  const user = userOfLock(lock);
  if (user === null) return ctx.store.transaction("fix", () => undefined);
  const hold = await ctx.store.refreshLock(user);
  await hold.release();
}

const [usual] = lockProgramNames;
const without =
  "Codex's own locks cannot be taken here: a save of Codex at the very same moment could be overwritten. Each file is compared right before it is replaced.";
const install: Record<string, string> = { linux: "sudo apt-get install util-linux" };

/** Where we cannot take Codex's own locks, a last look before each write is all the protection there is. */
export const locksNotShared: DoctorCheck = {
  id: "locks_not_shared",
  area: "store",
  severity: "warning",
  title: "the locks of Codex cannot be taken here",
  look: async ({ ctx: { fs, env, platform, flock } }) => {
    if (platform === "win32") return [onWindows];
    const path = env["PATH"] ?? "";
    if (path === "") return { skipped: "there is no PATH" };
    const said = await lockHelper(fs, path, flock);
    if (said.kind === "none") {
      const evidence = [`none of these programs is in PATH: ${lockProgramNames.join(", ")}`];
      return [{ message: without, evidence, command: install[platform] ?? null }];
    }
    const { name } = said;
    if (said.kind === "failed") {
      const message = `The program ${name} is there, but cannot be run: every command that writes auth.json is refused.`;
      return [{ message, evidence: [said.why], command: `ls -l $(command -v ${name})`, severity: "error" }];
    }
    if (name === usual) return [];
    const message = `Codex's own locks are taken through ${name}, because PATH leads to no program ${usual}.`;
    return [{ message, command: null, severity: "info" }];
  },
};

/** Codex for Windows locks with LockFileEx, which Node does not have; a lock of another process would end with it. */
const onWindows: FoundFault = {
  message: without,
  evidence: ["Codex for Windows locks with LockFileEx, which Node does not offer"],
  command: null,
  severity: "info",
};

import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { isForeign, isOdd } from "../../machine/path-kind.ts";
import type { Pool } from "../../pool/pool.ts";
import { tornUnsaved } from "../../store/files/aside.ts";
import { damagedLines, isDamagedJson } from "../../store/files/quota.ts";
import { placeProblem } from "../../store/place-problems.ts";
import { readOwnText } from "../../store/own-text.ts";
import { shellWord } from "../../text/shell-words.ts";
import { counted } from "../../text/times.ts";
import {
  type DoctorCheck,
  type Fix,
  type FoundFault,
  isSealedAway,
  poolCheck,
  sealKeyId,
  withoutSecrets,
} from "../check.ts";
import type { Facts } from "../facts.ts";
import { moveAside, placeFault } from "../place-finding.ts";
import { entryKey, entryName, entryProblem, loginInEntry } from "../../pool/unreadable-entries.ts";
import { takeBackEntry } from "../fixes/pool-entries.ts";
import { type SalvagedPool, salvagePool } from "../fixes/salvage-pool.ts";
import { takeLiveLogin } from "./login-unknown.ts";

export const sealKey: DoctorCheck = {
  id: sealKeyId,
  area: "store",
  severity: "error",
  title: "the pool is sealed with a key that is not here",
  look: ({ problem }) =>
    problem && isSealedAway(problem) ? [{ message: problem.message, command: problem.hint ?? null }] : [],
};

/** Left by a `seal` that was killed, or put there by hand: who sees the disk reads its tokens without the key. */
export const fileUnsealed: DoctorCheck = {
  id: "file_unsealed",
  area: "store",
  severity: "warning",
  title: "a file lies open in a sealed pool",
  look: async ({ ctx: { fs, store }, paths }) => {
    if (!fs.vault) return [];
    const { unsealedFiles } = await import("../../store/seal/convert.ts");
    const evidence = unsealedFiles(fs, paths);
    if (evidence.length === 0) return [];
    const message = `The pool is sealed, but ${counted(evidence.length, "file")} in it can be read without the key, with the tokens inside.`;
    const fix = {
      does: `Seal ${evidence.join(", ")}.`,
      apply: () => store.sealRest(),
    };
    return [{ message, evidence, command: "codex auth fix", fix }];
  },
};

export const poolUnreadable: DoctorCheck = {
  id: "pool_unreadable",
  area: "store",
  severity: "error",
  title: "pool.json is damaged",
  look: (facts) => {
    const { problem } = facts;
    return problem?.code === "pool_unreadable" ? [foundFault(facts, problem.message)] : [];
  },
};

function foundFault(facts: Facts, message: string): FoundFault {
  const found = salvaged(facts);
  if (found !== null && found.pool.accounts.length > 0)
    return { message, evidence: evidenceOf(found), command: "codex auth fix", fix: salvaging(facts, found) };
  const command = `${moveAside(facts.ctx.fs, facts.paths.poolFile)} && codex auth import`;
  return { message, evidence: ["no account in it can be read, and no backup"], command };
}

function salvaging(facts: Facts, { read, added, backup }: SalvagedPool): Fix {
  const more = backup === null ? "" : `, and ${added} from the backup ${backup}`;
  return {
    does: `Write a new pool.json with the ${read} accounts that can be read in it${more}; the damaged file stays as pool.json.broken-<time>.`,
    apply: () =>
      facts.ctx.store.transaction("fix", (transaction) => takeLiveLogin(transaction, facts.nowMs), {
        replaceBrokenPool: true,
        salvage: (text) => salvagedPool(facts, text),
      }),
  };
}

function evidenceOf({ read, added, backup }: SalvagedPool): string[] {
  const inFile = `accounts that can be read in it: ${read}`;
  return backup === null ? [inFile] : [inFile, `missing there, but in the backup ${backup}: ${added}`];
}

function salvaged(facts: Facts): SalvagedPool | null {
  const text = readOwnText(facts.ctx.fs, facts.paths.poolFile);
  return text === null ? null : salvagePool(facts.ctx.store, text, facts.nowMs);
}

/** Of the text as it is under the lock. */
function salvagedPool({ ctx, nowMs, problem }: Facts, text: string): Pool {
  const found = salvagePool(ctx.store, text, nowMs);
  if (found && found.pool.accounts.length > 0) return found.pool;
  throw problem ?? new Error("The pool is damaged.");
}

export const poolForbidden: DoctorCheck = {
  id: "pool_forbidden",
  area: "store",
  severity: "error",
  title: "pool.json may not be read, or is no file",
  look: (facts) => {
    const { ctx, paths } = facts;
    const { poolFile: path } = paths;
    const problem = placeProblem(ctx.fs, {
      path,
      kind: "file",
      need: "read",
      effect: "no account can be used",
    });
    // A folder that cannot be entered, and a file of another user, have checks of their own.
    if (!problem || problem.culprit !== path) return [];
    if (problem.code === "EACCES" && isForeign(ctx.fs, paths, path)) return [];
    return [placeFault(facts, problem)];
  },
};

export const poolTooNew: DoctorCheck = {
  id: "pool_too_new",
  area: "store",
  severity: "error",
  title: "pool.json was written by a newer codex-auth",
  look: ({ problem }) =>
    problem?.code === "pool_too_new"
      ? [{ message: problem.message, command: "npm install -g codex-auth@latest" }]
      : [],
};

/** The others go on working; what cannot be read stays in the file as it is. */
export const entriesUnreadable = poolCheck({
  id: "entries_set_aside",
  area: "store",
  severity: "warning",
  title: "an entry of pool.json cannot be read",
  look: ({ pool }, { paths, ctx, nowMs }) =>
    pool.unreadable.map((entry, index) => {
      const name = shownName(entry) ?? `number ${index + 1} of those`;
      const message = `The entry ${name} in ${paths.poolFile} cannot be read, so it is not used.`;
      const evidence = [entryProblem(entry, pool)];
      if (loginInEntry(entry) === null) return { message, evidence, command: "codex auth login" };
      const fix = {
        does: `Take the login of the entry ${shownName(entry) ?? ""} into the pool again, without the fields that cannot be read.`,
        apply: () =>
          ctx.store.transaction("fix", (transaction) => takeBackEntry(transaction, entryKey(entry), nowMs)),
      };
      return { message, evidence, command: "codex auth fix", fix };
    }),
});

/** In a damaged entry anything may stand where the name should. */
function shownName(entry: unknown): string | null {
  const name = entryName(entry);
  return name === null ? null : withoutSecrets(name);
}

/** The newest only: reading all of them would cost more than everything else. */
export const backupUnreadable: DoctorCheck = {
  id: "backup_unreadable",
  area: "store",
  severity: "warning",
  title: "the newest backup of the pool cannot be read",
  look: ({ ctx: { fs, store } }) => {
    const [newest] = store.backups();
    if (!newest) return [];
    try {
      store.readBackup(newest);
      return [];
    } catch (error) {
      if (!(error instanceof CodexAuthError)) throw error;
      const message = `The newest backup is damaged, so it could bring nothing back: ${error.message}`;
      const { path } = newest;
      const command = isOdd(fs, path, "file") ? moveAside(fs, path) : `rm ${shellWord(path)}`;
      return [{ message, command }];
    }
  },
};

/** No credentials are in them, and both grow again by themselves. */
export const figuresDamaged: DoctorCheck = {
  id: "figures_damaged",
  area: "store",
  severity: "info",
  title: "limits.json or history.jsonl is damaged",
  look: ({ ctx: { fs }, paths: { usageFile, historyFile } }) => {
    const limits = {
      message: `${usageFile} is damaged: what was known about limits is forgotten until it is asked for again.`,
      command: "codex auth check",
    };
    const lines = damagedLines(fs, historyFile);
    const history = {
      message: `${historyFile} has damaged lines (${lines}), which the forecast passes over.`,
      command: null,
    };
    return [...(isDamagedJson(fs, usageFile) ? [limits] : []), ...(lines > 0 ? [history] : [])];
  },
};

/** The token before it is spent; only a new login helps. */
export const unsavedTorn: DoctorCheck = {
  id: "rescue_torn",
  area: "store",
  severity: "warning",
  title: "new tokens of a killed renewal are torn",
  look: ({ ctx, paths }) =>
    tornUnsaved(ctx.fs, paths).map((path) => ({
      message: `A renewal was killed while it saved its new tokens, and ${path} is torn.`,
      command: `codex auth login --account ${/rescue-([0-9a-f]+)-/.exec(path)?.[1]}`,
    })),
};

/** One of the two homes would keep a used-up token; every command but this one is refused. */
export const poolOfAnotherHome: DoctorCheck = {
  id: "pool_of_another_home",
  area: "store",
  severity: "error",
  title: "the pool belongs to another CODEX_HOME",
  look: ({ problem }) =>
    problem?.code === "pool_of_another_home"
      ? [{ message: problem.message, command: "codex auth move-here" }]
      : [],
};

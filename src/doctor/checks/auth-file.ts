import { readAuthDocument } from "../../codex/auth-json.ts";
import { tidied, untidyTokens } from "../../codex/tidy-tokens.ts";
import { folderMount, isMountPoint, mountedError } from "../../machine/disks.ts";
import {
  brokenLink,
  isEmptyFolder,
  isForeign,
  ownerOf,
  rightOwner,
  shapeOf,
} from "../../machine/path-kind.ts";
import { fingerprint } from "../../pool/account.ts";
import { isReplaceable } from "../../store/auth-file.ts";
import { closeToOthers, modeOf, ownModeOf } from "../../store/files/mode.ts";
import { lockFolder, removeLockFolder } from "../../store/locks/codex-locks.ts";
import { placeProblem } from "../../store/place-problems.ts";
import { shellWord } from "../../text/shell-words.ts";
import { type DoctorCheck, fileCheck, type FoundFault } from "../check.ts";
import type { Facts } from "../facts.ts";
import { freeEnding, moveAside, placeFault } from "../place-finding.ts";
import { switchCommand } from "./accounts.ts";
import { rewriteLive } from "./auth-content.ts";

/** Left by tools that lock auth.json with proper-lockfile. */
export const authLockBlocked: DoctorCheck = {
  id: "auth_lock_blocked",
  area: "credentials",
  severity: "error",
  title: "a folder stands where Codex locks auth.json",
  look: (facts) => lockPaths(facts).flatMap((path) => foundFault(facts, path)),
};

/** What Codex locks around a save. */
export function lockPaths({ paths, live }: Facts): string[] {
  return [paths.authLock, `${live?.target ?? paths.authFile}.lock`];
}

function foundFault({ ctx: { fs, now }, nowMs }: Facts, path: string): FoundFault[] {
  const folder = lockFolder(fs, path, nowMs);
  if (!folder) return [];
  const { isEmpty, isFresh, names } = folder;
  const message = `${path} is a folder, so Codex renews its token, but cannot save it.`;
  const evidence = isEmpty
    ? [isFresh ? "it was touched within a minute: another tool may hold it as its lock" : "it is empty"]
    : names.map((name) => `in it: ${name}`);
  const command = isEmpty ? `rmdir ${shellWord(path)}` : moveAside(fs, path);
  const fix = {
    does: `Remove the empty folder ${path}.`,
    apply: () => Promise.resolve(removeLockFolder(fs, path, now())),
  };
  return [{ message, evidence, command, fix: isEmpty && !isFresh ? fix : null }];
}

export const authFileForbidden: DoctorCheck = {
  id: "auth_file_forbidden",
  area: "credentials",
  severity: "error",
  title: "auth.json may not be read",
  look: (facts) => {
    const { ctx, paths } = facts;
    const { authFile: path } = paths;
    const effect = "neither Codex nor codex-auth has its login";
    const problem = placeProblem(ctx.fs, { path, kind: "file", need: "read", effect });
    // A file of another user has a check of its own.
    if (problem?.code !== "EACCES" || isForeign(ctx.fs, paths, path)) return [];
    return [placeFault(facts, problem)];
  },
};

export const authFileHardLinked = fileCheck({
  id: "auth_file_hard_linked",
  area: "credentials",
  severity: "error",
  title: "auth.json is a hard link",
  look: ({ isHardLinked, target }, { ctx }) => {
    if (!isHardLinked) return [];
    const [file, copy] = [shellWord(target), shellWord(`${target}.${freeEnding(ctx.fs, target, "copy")}`)];
    const message = `${target} is a hard link: Codex renews its token, but cannot save it.`;
    const fix = {
      does: `Make ${target} a file of its own; its other names keep what they hold.`,
      apply: () => ctx.store.detachAuthFile(),
    };
    return [{ message, command: `cp -p ${file} ${copy} && mv ${copy} ${file}`, fix }];
  },
});

/** Codex accepts the file and closes it at its next write, which may be days away. */
export const authFileMode = fileCheck({
  id: "auth_file_open",
  area: "credentials",
  severity: "warning",
  title: "auth.json can be read by other users",
  look: ({ target, state }, { ctx, paths }) => {
    // Windows has no modes; what it says there means nothing.
    const mode = state === "missing" || ctx.platform === "win32" ? null : modeOf(ctx.fs, target);
    if (mode === null || (mode & 0o077) === 0) return [];
    const fix = {
      does: `Let nobody but you read ${target} (mode 0600).`,
      apply: () => Promise.resolve(closeToOthers(ctx.fs, paths, target)),
    };
    return [
      {
        message: `${target} can be read or changed by other users: its tokens are not secret.`,
        evidence: [`mode ${mode.toString(8).padStart(4, "0")}, where 0600 is right`],
        command: `chmod 600 ${shellWord(target)}`,
        fix: ownModeOf(ctx.fs, paths, target) === null ? null : fix,
      },
    ];
  },
});

/** Codex waits forever on a pipe, and finds no login in the others. */
export const authFileNotRegular: DoctorCheck = {
  id: "auth_file_not_regular",
  area: "credentials",
  severity: "error",
  title: "auth.json is a folder, a pipe or another thing that is no file, or far too large",
  look: (facts) => {
    const { ctx, paths } = facts;
    const { fs } = ctx;
    const { authFile } = paths;
    const place = {
      path: authFile,
      kind: "file",
      need: "read",
      effect: "no command can read the login",
    } as const;
    const problem = placeProblem(fs, place);
    if (problem?.code === "EFBIG") return [placeFault(facts, problem)];
    const shape = shapeOf(fs, authFile);
    if (!["folder", "pipe", "device", "socket"].includes(shape)) return [];
    const message = `${authFile} is a ${shape} and no file, so Codex cannot log in.`;
    if (isEmptyFolder(fs, authFile))
      return [{ message, evidence: ["it is empty"], command: `rmdir ${shellWord(authFile)}` }];
    return [{ message, command: moveAside(fs, authFile) }];
  },
};

/** No mend: the target may stand on a disk that is not mounted now. */
export const authLinkBroken: DoctorCheck = {
  id: "auth_link_broken",
  area: "credentials",
  severity: "error",
  title: "auth.json is a link that leads to no file",
  look: (facts) => {
    const { ctx, paths } = facts;
    const link = brokenLink(ctx.fs, paths.authFile);
    if (!link) return [];
    const { target, isFolderThere } = link;
    if (target === null) {
      const message = `${paths.authFile} is a loop of links, so Codex is not logged in.`;
      return [{ message, command: `rm ${shellWord(paths.authFile)}` }];
    }
    const message = `${paths.authFile} is a link to ${target}, which does not exist, so Codex is not logged in.`;
    if (isFolderThere) return [{ message, command: switchCommand(facts) }];
    const evidence = ["the folder of the target does not exist either: a disk that is not mounted?"];
    return [{ message, evidence, command: `rm ${shellWord(paths.authFile)}` }];
  },
};

/** What `sudo codex` leaves: a renewed token that cannot be saved is lost, so the lock files count too. */
export const fileOfAnotherUser: DoctorCheck = {
  id: "file_of_another_user",
  area: "credentials",
  severity: "error",
  title: "auth.json, its locks or the pool belong to another user",
  look: (facts) => ownedPaths(facts).flatMap((path) => foreignFault(facts, path)),
};

/** What must belong to whoever runs Codex. */
export function ownedPaths({ paths, live }: Facts): string[] {
  const { authFile, authLock, poolFile, storeDir } = paths;
  const target = live?.target ?? authFile;
  return [target, authLock, `${target}.lock`, storeDir, poolFile];
}

function foreignFault({ ctx: { fs }, paths }: Facts, path: string): FoundFault[] {
  if (!isForeign(fs, paths, path)) return [];
  const [right, owner] = [rightOwner(fs, paths), ownerOf(fs, path)];
  const message = `${path} belongs to user ${owner?.uid} instead of ${right?.uid}: a renewed token may not be saved.`;
  const all = path === paths.storeDir ? "-R " : "";
  return [{ message, command: `sudo chown ${all}${right?.uid}:${right?.gid} ${shellWord(path)}` }];
}

/** As `docker run -v …/auth.json:…` does. Codex spends the token and then fails with "Resource busy (os error 16)". */
export const fileMounted: DoctorCheck = {
  id: "file_mounted",
  area: "credentials",
  severity: "error",
  title: "auth.json, the pool or config.toml is mounted by itself, so that nothing can replace it",
  look: (facts) => placesOf(facts).flatMap(({ path, ...more }) => mountedFault(facts, path, more)),
};

function placesOf({ paths, live }: Facts): (Pick<FoundFault, "severity"> & { path: string })[] {
  return [
    { path: live?.target ?? paths.authFile },
    { path: paths.poolFile },
    // No token is in it: Codex only keeps no settings.
    { path: paths.configFile, severity: "warning" },
  ];
}

function mountedFault(
  { ctx: { fs } }: Facts,
  path: string,
  more: Pick<FoundFault, "severity">,
): FoundFault[] {
  if (!isMountPoint(fs, path)) return [];
  const isConfig = more.severity !== undefined;
  const message = isConfig
    ? `${path} is mounted by itself, as one file: neither Codex nor codex-auth can change a setting in it. Mount its folder.`
    : `${mountedError(path).message} Mount its folder instead of the file.`;
  return [{ ...more, message, command: folderMount(path) }];
}

/** Codex sends a token as it stands in the file, and OpenAI refuses it. */
export const tokenUntidy = fileCheck({
  id: "token_untidy",
  area: "credentials",
  severity: "error",
  title: "a token in auth.json has characters around it that do not belong to it",
  look: (live, facts) => {
    const { login, place } = live;
    const untidy = login ? untidyTokens(login.document) : [];
    const [first, ...more] = untidy;
    if (!login || !first) return [];
    const meant = readAuthDocument(tidied(login.document));
    const spent = facts.snapshot?.pool.accounts.flatMap((account) => account.spent) ?? [];
    // A token that is used up must not come back because it was written otherwise.
    const isClear = meant.kind === "login" && !spent.includes(fingerprint(meant.login.refreshToken));
    const fix =
      isClear && isReplaceable(live)
        ? {
            does: `Remove what does not belong to the tokens in ${place.name}; the tokens stay as they are.`,
            apply: () => rewriteLive(facts, ({ auth }) => tidied(auth)),
          }
        : null;
    const also = more.length > 0 ? ", and so it is with others" : "";
    return [
      {
        message: `${first.field} in ${place.name} ${first.problem}${also}: it was copied by hand, and OpenAI refuses it like that.`,
        evidence: untidy.map(({ field, problem }) => `${field} ${problem}`),
        command: fix && "codex auth fix",
        fix,
      },
    ];
  },
});

import { isBelow, kindOfPath, ownerOf, realPath, windowsMount } from "../../machine/path-kind.ts";
import { closeToOthers, modeOf, ownModeOf } from "../../store/files/mode.ts";
import { shellWord } from "../../text/shell-words.ts";
import type { DoctorCheck, Looked } from "../check.ts";

export const codexHomeMissing: DoctorCheck = {
  id: "codex_home_missing",
  area: "environment",
  severity: "error",
  title: "CODEX_HOME names no folder",
  look: ({ ctx: { env, fs }, paths, homeProblem }) => {
    const given = env["CODEX_HOME"];
    if (!given || !paths.isHomeExplicit || homeProblem !== null) return [];
    const kind = kindOfPath(fs, paths.codexHome);
    if (kind === "folder") return [];
    const evidence = [`CODEX_HOME=${given}`];
    if (given.startsWith("~")) {
      const message =
        "Codex does not start: CODEX_HOME begins with ~, which neither the shell (in quotes) nor Codex replaces.";
      const isOwn = given === "~" || given.startsWith("~/");
      const command = isOwn ? `export CODEX_HOME="$HOME${given.slice(1)}"` : "unset CODEX_HOME";
      return [{ message, evidence, command }];
    }
    if (kind === "file")
      return [
        {
          message: "Codex does not start: CODEX_HOME is a file and no folder.",
          evidence,
          command: "unset CODEX_HOME",
        },
      ];
    const message = "Codex does not start: the folder that CODEX_HOME names does not exist.";
    return [{ message, evidence, command: `mkdir -p ${shellWord(paths.codexHome)}` }];
  },
};

/** The command that gives WSL a CODEX_HOME of its own. */
export const ownHomeInWsl = 'mkdir -p "$HOME/.codex-wsl" && export CODEX_HOME="$HOME/.codex-wsl"';

/** Codex of Windows uses C:\Users\<name>\.codex unless it is told otherwise. */
const windowsHome = /\/Users\/[^/]+\/\.codex$/i;

export const codexHomeOnWindows: DoctorCheck = {
  id: "codex_home_on_windows",
  area: "environment",
  severity: "warning",
  title: "CODEX_HOME in WSL lies on a drive of Windows",
  look: ({ ctx: { fs }, paths }) => {
    const mount = windowsMount(fs, paths.codexHome);
    if (!mount) return [];
    const isShared = windowsHome.test(paths.codexHome);
    const message = isShared
      ? "Codex in WSL and Codex in Windows share one CODEX_HOME: each spoils the database of the other (migration N was previously applied but has been modified)."
      : "CODEX_HOME lies on a drive of Windows, where locks do not hold between WSL and Windows and files cannot be closed to others.";
    return [
      {
        message,
        evidence: [`${paths.codexHome} is on ${mount.mountPoint} (${mount.kind})`],
        command: ownHomeInWsl,
      },
    ];
  },
};

/** Codex takes it from the folder in which it starts. */
export const codexHomeRelative: DoctorCheck = {
  id: "codex_home_relative",
  area: "environment",
  severity: "warning",
  title: "CODEX_HOME is another folder wherever one stands",
  look: ({ ctx: { env, fs, platform }, paths }) => {
    const given = env["CODEX_HOME"] ?? "";
    const isAbsolute = platform === "win32" ? /^(?:[A-Za-z]:)?[\\/]/.test(given) : given.startsWith("/");
    if (given === "" || isAbsolute || kindOfPath(fs, paths.codexHome) !== "folder") return [];
    return [
      {
        message:
          "CODEX_HOME does not begin at the root, so each folder in which Codex starts has another login.",
        evidence: [`CODEX_HOME=${given}`, `here it is ${paths.codexHome}`],
        command: `export CODEX_HOME=${shellWord(paths.codexHome)}`,
      },
    ];
  },
};

/** Codex 0.169 starts there, but makes no helper programs: "Refusing to create helper binaries under temporary dir". */
export const codexHomeTemporary: DoctorCheck = {
  id: "codex_home_temporary",
  area: "environment",
  severity: "warning",
  title: "CODEX_HOME lies in the temporary folder",
  look: ({ ctx: { env, fs, platform }, paths }) => {
    const folder = env["TMPDIR"] || env["TEMP"] || (platform === "win32" ? "" : "/tmp");
    if (folder === "" || !isBelow(fs, paths.codexHome, folder)) return [];
    return [
      {
        message:
          "CODEX_HOME lies in the temporary folder: its logins go when that is cleaned, and Codex makes no helper programs there.",
        evidence: [`CODEX_HOME is ${paths.codexHome}`, `the temporary folder is ${folder}`],
        command: 'export CODEX_HOME="$HOME/.codex"',
      },
    ];
  },
};

/** What root writes into the folder of a person, that person's Codex can neither read nor renew. */
export const homeOfAnother: DoctorCheck = {
  id: "home_of_another_user",
  area: "environment",
  severity: "warning",
  title: "sudo works on the CODEX_HOME of the person who called it",
  look: ({ ctx: { env, fs }, paths }) => {
    const caller = env["SUDO_UID"];
    if (!caller || caller === "0") return [];
    const owner = ownerOf(fs, paths.codexHome)?.uid;
    if (owner === undefined || String(owner) !== caller) return [];
    const message = `${paths.codexHome} belongs to ${env["SUDO_USER"] ?? `user ${caller}`}, but this runs as root: files that Codex or codex-auth write now cannot be read by their owner afterwards. Run both without sudo.`;
    return [{ message, evidence: [`owner ${owner}, sudo was called by ${caller}`], command: null }];
  },
};

/** Who may write there puts another auth.json or config.toml in its place; who may read, reads what was talked about. */
export const codexHomeOpen: DoctorCheck = {
  id: "codex_home_open",
  area: "environment",
  severity: "warning",
  title: "CODEX_HOME is open to other users",
  look: (facts): Looked => {
    const { ctx, paths } = facts;
    if (ctx.platform === "win32") return { skipped: "Windows has no modes" };
    if (windowsMount(ctx.fs, paths.codexHome) !== null) return { skipped: "drives of Windows have no modes" };
    const home = realPath(ctx.fs, paths.codexHome);
    const mode = modeOf(ctx.fs, home);
    if (mode === null || (mode & 0o077) === 0) return [];
    const isWritable = (mode & 0o022) !== 0;
    const message = isWritable
      ? `Other users can change files in ${home}: they could put another login there, or programs that Codex starts.`
      : `Other users can look into ${home}, where Codex keeps settings and sessions.`;
    const isOwn = ownModeOf(ctx.fs, paths, home) !== null;
    const command = isOwn ? `chmod 700 ${shellWord(home)}` : 'export CODEX_HOME="$HOME/.codex"';
    const fix = {
      does: `Let nobody but you enter ${home} (mode 0700).`,
      apply: () => Promise.resolve(closeToOthers(ctx.fs, paths, home)),
    };
    const evidence = [`mode ${mode.toString(8).padStart(4, "0")}, where 0700 is right`];
    return [
      { message, evidence, command, fix: isOwn ? fix : null, severity: isWritable ? "warning" : "info" },
    ];
  },
};

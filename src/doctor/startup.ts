import { editConfig } from "../codex/config/edit.ts";
import { keyAt } from "../codex/config/lines.ts";
import type { Env } from "../codex/environment.ts";
import type { Context } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { codexPrograms } from "../machine/codex-programs.ts";
import { configLimit, type FileSystem, readTextIfPresent } from "../machine/file-system.ts";
import { makeTrialHome, sweepTrialHomes } from "../store/homes/trial-home.ts";

/** A key that Codex passes over, and where it stands. */
export interface PassedOver {
  /** As Codex writes it, dotted. */
  key: string;
  file: string;
  line: number;
}

/** What asking needs of the outside world. */
export interface StartupContext extends Pick<
  Context,
  "env" | "platform" | "now" | "fs" | "store" | "pid" | "run"
> {
  /** In a rehearsal, what is on the disk: Codex sees nothing else. */
  disk?: FileSystem;
}

const printed = ["app-server", "--print-startup-config"];
const strict = ["app-server", "--strict-config", "--print-startup-config"];
const giveUpMs = 10_000;
const mostKeys = 30;

/**
 * Asks the installed Codex whether it can start in this folder. The call opens no socket and starts no program (seen with
 * 0.171, 0.169 and 0.63), and the home that it is given is a throw-away one.
 */
export async function askStartup(ctx: StartupContext): Promise<StartupAnswer> {
  const program = programOf(ctx);
  if (program === null) return { kind: "none" };
  sweepTrialHomes(ctx.fs, ctx.store.paths, ctx.now());
  const answer = readPrintedConfig(await ask(ctx, program, printed, null));
  if (answer.kind !== "none") return judged(ctx, answer);
  return judged(ctx, readLoginStatus(await ask(ctx, program, ["login", "status"], null)));
}

/**
 * The keys that Codex passes over, one question each. Null where it cannot be asked; a configuration that stops Codex has
 * none that it would tell.
 */
export async function askPassedOver(ctx: StartupContext): Promise<PassedOver[] | null> {
  const program = programOf(ctx);
  if (program === null) return null;
  const { configFile } = ctx.store.paths;
  const found: PassedOver[] = [];
  for (let text = readTextIfPresent(ctx.fs, configFile, configLimit) ?? ""; found.length < mostKeys;) {
    const answer = judged(ctx, readPrintedConfig(await ask(ctx, program, strict, text)));
    if (answer.kind === "none") return found.length === 0 ? null : found;
    if (answer.kind === "loads" || answer.unknownKey === null || answer.place === null) return found;
    const { file, line, column } = answer.place;
    found.push({ key: answer.unknownKey, file, line });
    const shorter = file === configFile ? withoutKey(text, line, column) : null;
    if (shorter === null) return found;
    text = shorter;
  }
  return found;
}

function programOf({ env, fs, platform }: StartupContext): string | null {
  if (env["CODEX_AUTH_ASK_CODEX"] === "0") return null;
  return codexPrograms(fs, env["PATH"] ?? "", platform)[0] ?? null;
}

async function ask(
  ctx: StartupContext,
  program: string,
  args: readonly string[],
  text: string | null,
): Promise<string> {
  const { paths } = ctx.store;
  const shown = ctx.disk && text === null ? readTextIfPresent(ctx.fs, paths.configFile, configLimit) : text;
  const home = makeTrialHome(ctx.disk ?? ctx.fs, paths, { pid: ctx.pid, nowMs: ctx.now(), text: shown });
  if (home === null) return "";
  try {
    const { output } = await ctx.run(program, args, { env: bare(ctx.env, home.path), timeoutMs: giveUpMs });
    return output.replaceAll(home.path, paths.codexHome);
  } finally {
    home.remove();
  }
}

/** Nothing that names a login, an address or a proxy: without them Codex has nothing to ask anybody for. */
function bare(env: Env, home: string): Env {
  const names = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SystemRoot",
    "USERPROFILE",
    "ProgramData",
  ];
  const kept = names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]));
  return { ...Object.fromEntries(kept), TERM: "dumb", CODEX_HOME: home };
}

/** A file that is only missing in the throw-away home says nothing of the real one. */
function judged({ fs }: StartupContext, answer: StartupAnswer): StartupAnswer {
  if (answer.kind !== "refused") return answer;
  const [, path] = /(\/[^:]+?): No such file or directory/.exec(answer.sentence.replace(/^[^/]*/, "")) ?? [];
  const isThere = path !== undefined && fs.statSync(path, { throwIfNoEntry: false }) !== undefined;
  return isThere ? { kind: "none" } : answer;
}

/** The text without a key, its lines counted as before; null where it cannot be taken out alone. */
function withoutKey(text: string, line: number, column: number): string | null {
  const found = keyAt(text, line, column);
  if (found === null) return null;
  if (found.kind === "member") return edited(text, found.path);
  const lines = text.split("\n");
  for (let at = found.lines.first; at <= found.lines.last; at += 1) lines[at - 1] = "";
  return lines.join("\n");
}

function edited(text: string, path: readonly string[]): string | null {
  try {
    return editConfig(text, [{ path, value: undefined }]);
  } catch (error) {
    if (error instanceof CodexAuthError) return null;
    throw error;
  }
}

/** Whether Codex can start with its configuration, as it says itself. */
export type StartupAnswer =
  | { kind: "loads" }
  | {
      kind: "refused";
      sentence: string;
      /** Null where Codex names no place. */
      place: { file: string; line: number; column: number } | null;
      /** With `--strict-config`: the key that Codex does not know, as it writes it. */
      unknownKey: string | null;
    }
  /** What was asked does not exist in this version, or the answer is something else. */
  | { kind: "none" };

/** What `codex app-server --print-startup-config` prints: one line of JSON. */
export function readPrintedConfig(output: string): StartupAnswer {
  const line = output.split("\n").find((each) => each.startsWith("{")) ?? "";
  const answer = parsed(line);
  if (answer === null) return { kind: "none" };
  if (typeof answer["appServerVersion"] === "string") return { kind: "loads" };
  const data = objectAt(objectAt(answer, "error"), "data");
  if (data?.["reason"] !== "configLoad") return { kind: "none" };
  return refusal(String(data["detail"]));
}

/** What `codex login status` prints, in versions that have nothing better. */
export function readLoginStatus(output: string): StartupAnswer {
  const [, detail] = /^Error loading config(?:uration|\.toml): (.*)/ms.exec(output) ?? [];
  if (detail !== undefined) return refusal(detail);
  return /^(?:Logged in|Not logged in|API key)/m.test(output) ? { kind: "loads" } : { kind: "none" };
}

function refusal(detail: string): StartupAnswer {
  const [, file = "", line, column, rest] = /^(.*?):(\d+):(\d+): (.*)$/s.exec(detail.trim()) ?? [];
  const sentence = (rest ?? detail).trim();
  const place = line === undefined ? null : { file, line: Number(line), column: Number(column) };
  const [, unknownKey = null] = /^unknown configuration field `(.*)`/.exec(sentence) ?? [];
  return { kind: "refused", sentence, place, unknownKey };
}

type Json = Record<string, unknown>;

function parsed(line: string): Json | null {
  try {
    const value: unknown = JSON.parse(line);
    return asObject(value);
  } catch {
    return null;
  }
}

function objectAt(value: Json | null, key: string): Json | null {
  return asObject(value?.[key]);
}

function asObject(value: unknown): Json | null {
  return typeof value === "object" && value !== null ? (value as Json) : null;
}

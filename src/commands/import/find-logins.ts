import { join, resolve } from "node:path";
import { decodedText } from "../../codex/tidy-tokens.ts";
import type { Context } from "../../context.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { defaultPlace, type FormatName, formatNames } from "../../interchange/format-names.ts";
import { type FileReading, readStoreFiles } from "../../interchange/detect-format.ts";
import type { StoredLogin } from "../../interchange/stored-login.ts";
import { shapeOf } from "../../machine/path-kind.ts";
import { errorCode } from "../../machine/file-error.ts";
import { type FileSystem, namesIn } from "../../machine/file-system.ts";
import { readRegular } from "../../machine/guarded-file.ts";
import { userHome } from "../../machine/paths.ts";
import { readPassphrase } from "../../program/passphrase.ts";

interface Origin {
  path: string;
  /** Which login of the file; null when it holds one. */
  entry: string | null;
  /** Named on the command line, not found in a folder. */
  isNamed: boolean;
}

/** One thing that an import came upon: a login, a login that cannot be taken, or a file without one. */
export type Finding = Origin &
  (
    | { kind: "login"; format: FormatName; stored: StoredLogin }
    | {
        kind: "refused" | "ignored";
        format: FormatName | null;
        name: string | null;
        problem: string;
        hint?: string;
      }
  );

interface Options {
  from?: string;
  passphraseStdin?: boolean;
}

/** Reads everything that the paths name; without one, what Codex or the tool named by `from` has in its usual place. */
export async function collectFindings(
  ctx: Context,
  paths: readonly string[],
  { from: wanted, passphraseStdin = false }: Options,
): Promise<Finding[]> {
  const from = formatOf(wanted);
  if (paths.length === 0 && from === null) return await findLiveLogin(ctx);
  const chosen = paths.length > 0 || from === null ? paths : [usualPlace(ctx, from)];
  if (passphraseStdin && chosen.includes("-"))
    throw usage("Standard input cannot be both the passphrase and the file.", "Name the file instead of -.");
  if (paths.includes(""))
    throw usage("A path is empty.", "Name a file or a folder; for this one: codex auth import .");
  const passphrase = passphraseStdin ? await readPassphrase(ctx) : null;
  const findings: Finding[] = [];
  for (const path of chosen) {
    const files: LoginFile[] =
      path === "-"
        ? [{ path: "-", text: await ctx.stdin.readAll(sizeLimit), isNamed: true }]
        : collectLoginFiles(ctx.fs, path, ctx.cwd);
    findings.push(...readTogether(files, { from, passphrase }));
  }
  return findings;
}

/** What Codex uses: in auth.json, or in the keyring. */
async function findLiveLogin(ctx: Context): Promise<Finding[]> {
  const { live } = await ctx.store.read();
  const { authFile } = ctx.store.paths;
  if (live.refusal) throw live.refusal;
  const isInKeyring = live.place.kind === "keyring";
  if (isInKeyring ? live.bytes === null : shapeOf(ctx.fs, authFile) === "missing") {
    const why = isInKeyring ? "the keyring holds none for this CODEX_HOME" : `${authFile} does not exist`;
    // Where nobody has signed in yet, there is nothing to name.
    throw new CodexAuthError("import_failed", `There is no login to import: ${why}.`, {
      hint: "Sign in and add an account: codex auth login\nOr name the file of a login: codex auth import <path>",
    });
  }
  const files: LoginFile[] =
    isInKeyring && live.bytes
      ? [{ path: live.place.name, text: live.bytes.toString("utf8"), isNamed: true }]
      : collectLoginFiles(ctx.fs, authFile, ctx.cwd);
  return readTogether(files, { from: null, passphrase: null });
}

function readTogether(
  files: readonly LoginFile[],
  options: { from: FormatName | null; passphrase: string | null },
): Finding[] {
  const readable = files.filter((file) => "text" in file);
  const readings = readStoreFiles(readable, options);
  return files.flatMap((file) => {
    if ("problem" in file)
      return [{ ...unreadable(file, file.problem), ...(file.hint === undefined ? {} : { hint: file.hint }) }];
    const reading = readings[readable.indexOf(file)];
    return reading ? findingsOf(file, reading) : [];
  });
}

function findingsOf({ path, isNamed }: LoginFile, reading: FileReading): Finding[] {
  const { format } = reading;
  if (reading.kind !== "entries") {
    const { problem } = reading;
    const hint = reading.kind === "broken" && reading.hint !== undefined ? { hint: reading.hint } : {};
    const kind = reading.kind === "broken" && format !== null ? "refused" : "ignored";
    return [{ kind, path, entry: null, isNamed, format, name: null, problem, ...hint }];
  }
  if (reading.entries.length === 0) return [unreadable({ path, isNamed }, "it holds no accounts")];
  return reading.entries.map((each): Finding => {
    const origin = { path, entry: each.place, isNamed };
    if (each.kind === "login") return { kind: "login", ...origin, format: format ?? "codex", stored: each };
    return { kind: "refused", ...origin, format, name: each.name, problem: each.problem };
  });
}

function unreadable({ path, isNamed }: Pick<LoginFile, "path" | "isNamed">, problem: string): Finding {
  return { kind: "ignored", path, entry: null, isNamed, format: null, name: null, problem };
}

function formatOf(wanted: string | undefined): FormatName | null {
  if (wanted === undefined) return null;
  const found = formatNames.find((name) => name === wanted);
  if (found) return found;
  throw usage(`Unknown format: ${wanted}`, `The formats are: ${formatNames.join(", ")}`);
}

function usualPlace({ env, store }: Context, from: FormatName): string {
  const { codexHome } = store.paths;
  const place = defaultPlace(from, { env, home: userHome(env), codexHome });
  if (place !== null) return place;
  throw usage(
    `Where ${from} keeps its logins is not known.`,
    `Name the file: codex auth import --from ${from} <path>`,
  );
}

function usage(message: string, hint: string): CodexAuthError {
  return new CodexAuthError("usage", message, { hint });
}

/** A file that may hold a login, or why it was not read. `isNamed`: the person named it, it was not found in a folder. */
type LoginFile = { path: string; isNamed: boolean } & ({ text: string } | { problem: string; hint?: string });

/** A bundle of a thousand accounts is half as large. */
const sizeLimit = 16_000_000;
const depthLimit = 3;
const countLimit = 2000;
const folderLimit = 64_000_000;

/** Reads a file, or the *.json files of a folder, three levels deep. Links inside a folder are not followed. */
function collectLoginFiles(fs: FileSystem, given: string, cwd: string): LoginFile[] {
  const path = resolve(cwd, given);
  try {
    if (fs.statSync(path).isDirectory()) return readFolder(fs, path);
  } catch (error) {
    const problem = errorCode(error) === "ENOENT" ? "there is no such file" : "it cannot be read";
    return [{ path, isNamed: true, problem }];
  }
  return [readLoginFile(fs, path, true)];
}

/** A folder with more files than any store has is most likely the wrong one, and not read at all. */
function readFolder(fs: FileSystem, path: string): LoginFile[] {
  const found = searchFolder(fs, path, depthLimit);
  const size = found.reduce((sum, file) => sum + Math.min(file.size, sizeLimit), 0);
  if (found.length <= countLimit && size <= folderLimit)
    return found.map((file) => readLoginFile(fs, file.path, false));
  const problem = `it holds ${found.length} .json files of ${Math.ceil(size / 1e6)} MB: name a folder nearer to the logins`;
  return [{ path, isNamed: true, problem }];
}

function searchFolder(fs: FileSystem, folder: string, depth: number): { path: string; size: number }[] {
  return namesIn(fs, folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      const stat = fs.lstatSync(path, { throwIfNoEntry: false });
      if (stat?.isDirectory()) return depth > 1 ? searchFolder(fs, path, depth - 1) : [];
      return name.endsWith(".json") && stat?.isFile() ? [{ path, size: stat.size }] : [];
    });
}

/** Most likely <(…) of a shell. */
const pipeHint = "Pipe it instead: … | codex auth import -";

function readLoginFile(fs: FileSystem, path: string, isNamed: boolean): LoginFile {
  try {
    return {
      path,
      isNamed,
      text: decodedText(readRegular(fs, path, { limitBytes: sizeLimit, followsLinks: isNamed })).text,
    };
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENXIO") return { path, isNamed, problem: "it is no regular file", hint: pipeHint };
    return { path, isNamed, problem: code === "EFBIG" ? "it is larger than 16 MB" : "it cannot be read" };
  }
}

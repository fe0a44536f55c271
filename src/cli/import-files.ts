import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { readStoreFiles } from "../interchange/read-store.ts";
import type { FileReading } from "../interchange/read-store.ts";
import { defaultPlace } from "../interchange/rival-places.ts";
import { formatNames } from "../interchange/store-format.ts";
import type { FormatName } from "../interchange/store-format.ts";
import type { StoredLogin } from "../interchange/stored-login.ts";
import { collectLoginFiles, sizeLimit } from "../store/login-files.ts";
import type { LoginFile } from "../store/login-files.ts";
import { userHome } from "../store/paths.ts";
import type { Context } from "./context.ts";
import { readPassphrase } from "./passphrase.ts";

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
  const chosen = paths.length > 0 ? paths : [usualPlace(ctx, from)];
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

function usualPlace({ env, store }: Context, from: FormatName | null): string {
  const { codexHome, authFile } = store.paths;
  if (from === null) return authFile;
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

import { delimiter, dirname, join } from "node:path";
import { isRecord, parseJson } from "../text/json.ts";
import { readingAt } from "./databases.ts";
import { type FileSystem, namesIn, readTextIfReadable } from "./file-system.ts";

/** A codex that PATH leads to. */
export interface InstalledCodex {
  path: string;
  /** The file itself, behind every link. */
  real: string;
  /** Of the package beside it; null when that does not tell. */
  version: string | null;
}

const scriptLimit = 10_000;
const manifestLimit = 1_000_000;
const mark = "# codex-auth dispatcher:";

/** Every codex on PATH, the one that is started first; one that two names lead to, once. Starts no program. */
export function installedCodex(fs: FileSystem, path: string, platform: string): InstalledCodex[] {
  const names = platform === "win32" ? ["codex.exe", "codex.cmd"] : ["codex"];
  const seen = new Set<string>();
  return programsOnPath(fs, path, names).flatMap((file) => {
    const real = fs.realpathSync(file);
    if (seen.has(real) || isDispatcher(fs, real)) return [];
    seen.add(real);
    return [{ path: file, real, version: versionOf(fs, real) }];
  });
}

/** Our own bin/codex hands everything on to the next one. The real codex may be of 300 MB. */
function isDispatcher(fs: FileSystem, file: string): boolean {
  const text = readTextIfReadable(fs, file, { limitBytes: scriptLimit });
  return text?.split("\n", 2)[1]?.startsWith(mark) === true;
}

/** npm links bin/codex to @openai/codex/bin/codex.js; the binary itself lies deeper in the same package. */
function versionOf(fs: FileSystem, real: string): string | null {
  let folder = dirname(real);
  for (let steps = 0; steps < 6; steps += 1, folder = dirname(folder)) {
    const manifest = readManifest(fs, join(folder, "package.json"));
    if (manifest?.name?.startsWith("@openai/codex")) return manifest.version ?? null;
  }
  return null;
}

function readManifest(fs: FileSystem, path: string): { name?: string; version?: string } | null {
  const value = parseJson(readTextIfReadable(fs, path, { limitBytes: manifestLimit }) ?? "");
  if (!isRecord(value)) return null;
  const text = (key: string) => (key in value ? String(value[key]) : "");
  return { name: text("name"), version: text("version") };
}

const chunkBytes = 8_000_000;

/** The programs of Codex that PATH leads to, as far as their place is known: npm's package holds a script beside them. */
export function codexPrograms(fs: FileSystem, path: string, platform: string): string[] {
  const found = installedCodex(fs, path, platform).flatMap(({ real }) =>
    isScript(fs, real) ? packagedPrograms(fs, real) : [real],
  );
  return [...new Set(found)];
}

/** Whether a program holds these bytes. Reads all of it. */
export function programHolds(fs: FileSystem, program: string, wanted: Uint8Array): boolean {
  const found = readingAt(fs, program, (read) => {
    const overlap = wanted.length - 1;
    for (let offset = 0; ; offset += chunkBytes - overlap) {
      const chunk = Buffer.from(read(offset, chunkBytes));
      if (chunk.indexOf(wanted) !== -1) return true;
      if (chunk.length < chunkBytes) return false;
    }
  });
  return found ?? false;
}

function isScript(fs: FileSystem, file: string): boolean {
  return readingAt(fs, file, (read) => Buffer.from(read(0, 2)).toString() === "#!") ?? false;
}

/** `…/@openai/codex/bin/codex.js` runs `…/vendor/TRIPLE/bin/codex` of its own package or of one beside or below it. */
function packagedPrograms(fs: FileSystem, script: string): string[] {
  const own = dirname(dirname(script));
  const scopes = [dirname(own), join(own, "node_modules/@openai")];
  const packages = scopes.flatMap((scope) =>
    namesIn(fs, scope)
      .filter((name) => name.startsWith("codex-"))
      .map((name) => join(scope, name)),
  );
  return [own, ...packages]
    .map((folder) => join(folder, "vendor"))
    .flatMap((vendor) => namesIn(fs, vendor).map((triple) => join(vendor, triple)))
    .flatMap((folder) => [join(folder, "bin/codex"), join(folder, "codex/codex")])
    .filter((file) => readingAt(fs, file, () => true) ?? false);
}

/** The programs of these names that PATH leads to, the one that is started first in front. Starts nothing. */
function programsOnPath(fs: FileSystem, path: string, names: readonly string[]): string[] {
  return path
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder || ".", name)))
    .filter((file) => isProgram(fs, file));
}

function isProgram(fs: FileSystem, file: string): boolean {
  try {
    const stat = fs.statSync(file);
    return stat.isFile() && (stat.mode & 0o111) !== 0;
  } catch {
    return false;
  }
}

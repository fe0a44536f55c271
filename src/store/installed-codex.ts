import { dirname, join } from "node:path";
import { isRecord, parseJson } from "../errors/json-value.ts";
import type { FileSystem } from "./file-system.ts";
import { readTextIfReadable } from "./files.ts";
import { programsOnPath } from "./programs.ts";

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

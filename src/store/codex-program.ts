import { dirname, join } from "node:path";
import type { FileSystem } from "./file-system.ts";
import { namesIn } from "./files.ts";
import { installedCodex } from "./installed-codex.ts";
import { readingAt } from "./positioned-read.ts";

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

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { forgeAuthJson } from "../../support/forge.ts";
import { codexBinary, type CodexVersion, runCodexAuth } from "../support/codex.ts";
import { writeAuthJson } from "../support/home.ts";
import { ConfigJudge } from "./config-judge.ts";
import { type Measured, type Mutant, mutants } from "./measure.ts";
import { tomlText } from "./toml-text.ts";

/**
 * Judges `count` of the mutants, drawn with `seed`, by the built `codex-auth doctor` where that Codex is installed, and
 * by the real Codex.
 */
export async function measureInstalled(
  version: CodexVersion,
  home: string,
  { count, seed }: { count: number; seed: number },
): Promise<Measured> {
  const judge = await ConfigJudge.open(version, home);
  const measured: Measured = { mutants: 0, refused: 0, agreed: 0, falseAlarms: [], missed: [] };
  try {
    for (const mutant of drawn(mutants(), count, seed)) {
      const text = tomlText(mutant.tree);
      const [isRefused, isCalledBroken] = await Promise.all([
        judge.judge(mutant.tree).then((refusal) => refusal !== null),
        callsBroken(version, home, text),
      ]);
      measured.mutants += 1;
      if (isRefused) measured.refused += 1;
      if (isRefused === isCalledBroken) measured.agreed += 1;
      else (isRefused ? measured.missed : measured.falseAlarms).push(`${mutant.key} = ${mutant.kind}`);
    }
  } finally {
    await judge.close();
  }
  return measured;
}

/** Whether doctor says that Codex does not start with this config.toml. */
async function callsBroken(version: CodexVersion, folder: string, config: string): Promise<boolean> {
  const root = mkdtempSync(join(folder, "doctor-"));
  try {
    const home = join(root, "codex");
    mkdirSync(home);
    writeAuthJson(join(home, "auth.json"), forgeAuthJson());
    writeFileSync(join(home, "config.toml"), config, { mode: 0o600 });
    const env = { PATH: `${dirname(codexBinary(version))}:${process.env["PATH"]}` };
    const { stdout } = await runCodexAuth(["doctor", "--only", "config", "--json"], { home, env });
    const { findings } = JSON.parse(stdout) as { findings: { severity: string; message: string }[] };
    return findings.some(
      ({ severity, message }) => severity === "error" && message.startsWith("Codex does not start"),
    );
  } finally {
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** So many of them, the same for the same seed (mulberry32). */
function drawn(all: Mutant[], count: number, seed: number): Mutant[] {
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const rest = [...all];
  const taken: Mutant[] = [];
  while (taken.length < count && rest.length > 0)
    taken.push(...rest.splice(Math.floor(random() * rest.length), 1));
  return taken;
}

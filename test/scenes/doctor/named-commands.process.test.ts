import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { FaultHome, faultNames } from "../../support/fault-home.ts";

interface Found {
  id: string;
  severity: string;
  message: string;
  fix: string | null;
}

/** What a shell does alone, without another user and without being the shell of the person. */
const isForShell = (fix: string) =>
  /^(?:chmod|mv|rm|rmdir|mkdir|cp|sed|umask|d=)/.test(fix) && !/codex auth|export/.test(fix);

/** Our own commands that ask nobody. */
const isOurs = (fix: string) =>
  /^codex auth (?:switch|import|fix)\b/.test(fix) && !/&&|--use-file-store/.test(fix);

/** Faults that the system of a scene keeps up, whatever a command does. */
const keptUp = new Set([
  "store-read-only",
  "home-on-read-only-disk",
  "auth-file-forbidden",
  "pool-forbidden",
  "gateway-database-forbidden",
]);

async function findings(home: FaultHome): Promise<Found[]> {
  return ((await home.run("doctor")).document as { findings: Found[] }).findings;
}

const here = (home: FaultHome, text: string) => text.replaceAll("<home>", home.home.path);

/** Types one command; the exit code and what was said. */
async function type(home: FaultHome, command: string): Promise<[number | null, string]> {
  if (isForShell(command)) {
    const options = { cwd: home.home.path, encoding: "utf8" as const };
    const { status, stderr } = spawnSync("sh", ["-c", here(home, command)], options);
    return [status, stderr];
  }
  const words = here(home, command.replace("codex auth ", "")).replaceAll("'", "");
  const { code, document } = await home.run(words);
  return [code, JSON.stringify(document)];
}

const findingsByName = faultNames().filter((each) => !keptUp.has(each));

test.each([
  ["shell commands", isForShell, 20],
  ["commands of ours", isOurs, 14],
])(
  "the %s that findings name end them, in every home with a fault",
  async (_, isTyped, kinds) => {
    const unfinished: string[] = [];
    const typed = new Set<string>();
    for (const name of findingsByName)
      for (const { id, message, fix } of await findings(new FaultHome(name))) {
        if (fix === null || !isTyped(fix)) continue;
        const home = new FaultHome(name);
        const [status, said] = await type(home, fix);
        typed.add(id);
        const isLeft = (await findings(home)).some((each) => each.id === id && each.message === message);
        if ((status !== 0 && isForShell(fix)) || isLeft) unfinished.push(`${name}: ${id}: ${fix}: ${said}`);
      }
    expect(unfinished).toEqual([]);
    expect(typed.size).toBeGreaterThan(kinds);
  },
  120_000,
);

// "mv X X.aside" put one damaged pool over another, and "sed -i.bak" the copy that the person had made.
test.each([
  "pool-garbage",
  "pool-folder",
  "auth-file-pipe",
  "auth-lock-folder-full",
  "config-syntax-error",
  "legacy-profile",
])("a command that moves away or edits writes over nothing: %s", async (name) => {
  const home = new FaultHome(name);
  for (const path of ["auth.json", "auth.lock", "config.toml", "codex-auth/pool.json"])
    for (const ending of ["aside", "broken", "bak"]) home.home.write(`${path}.${ending}`, "mine");
  const found = (await findings(home)).filter(({ fix }) => /^mv |^sed /.test(fix ?? ""));
  expect(found.length).toBeGreaterThan(0);
  for (const { fix } of found) {
    const command = here(home, fix ?? "").replace(/ && codex auth .*/, "");
    expect(spawnSync("sh", ["-c", command]).status).toBe(0);
  }
  for (const path of ["auth.json", "auth.lock", "config.toml", "codex-auth/pool.json"])
    for (const ending of ["aside", "broken", "bak"]) expect(home.home.read(`${path}.${ending}`)).toBe("mine");
});

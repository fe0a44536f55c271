import { join } from "node:path";
import type { CommandWorker } from "./command-worker.ts";
import { type Finished, projectRoot, runProcess, type TestHome } from "./home.ts";

interface Found {
  id: string;
  severity: string;
  message: string;
  fix: string | null;
  evidence: string[];
}

/** What a round of commands came to. */
interface Round {
  /** Those that failed, with what they came to. */
  failed: string[];
  /** What must never be: no end, a fault of ours, an error that helps nobody. */
  wrong: string[];
  /** Errors and warnings of doctor. */
  found: Found[];
}

/** One of each kind: it reads, writes, renews, searches logs, makes a private home. */
const lines = [
  "list",
  "status",
  "switch 1",
  "token 2",
  "report",
  "guard --allow-unknown",
  "backup list",
  "exec 1 -- true",
  "doctor --json",
];

type Env = Record<string, string>;

export async function roundOf(worker: CommandWorker, home: TestHome, env: Env): Promise<Round> {
  const round: Round = { failed: [], wrong: [], found: [] };
  for (const line of lines) {
    const end = await worker.run(home, line, env);
    const problem = problemOf(end);
    if (problem !== null) round.wrong.push(`${line}: ${problem}`);
    if (line !== "doctor --json" && end.code !== 0) round.failed.push(`${line}: ${end.code}`);
    if (line === "doctor --json" && problem === null) round.found = foundIn(end);
  }
  return round;
}

function foundIn({ stdout }: Finished): Found[] {
  const { findings } = JSON.parse(stdout) as { findings: Found[] };
  return findings.filter(({ severity }) => severity !== "info");
}

function problemOf({ code, stdout, stderr }: Finished): string | null {
  if (code === null) return "never ended";
  if (/fault in codex-auth|internal_error/.test(stdout + stderr)) return stderr;
  // What went wrong and what to do: two lines.
  return code === 1 && stdout === "" && !/^.+\n.+/.test(stderr) ? `says too little: ${stderr}` : null;
}

interface Trouble {
  /** What is known of the home before anything was done to it. */
  known: ReadonlySet<string>;
  path: string;
  env: Env;
  /** Whether commands do without what stands at the path. */
  isSpare: boolean;
  /** Whether there is nothing to find: the place is as it may be. */
  isFine?: boolean;
  /** Who does what doctor names; what begins with sudo root does. */
  uid?: number;
}

/**
 * What is wrong with how commands take the state of one path; none when nothing is. Then does what doctor names, as a
 * person would, after which everything must work again.
 */
export async function complaintsAbout(
  worker: CommandWorker,
  home: TestHome,
  { known, path, env, isSpare, isFine = false, uid }: Trouble,
): Promise<string[]> {
  const { failed, wrong, found } = await roundOf(worker, home, env);
  // What else this machine has and runs is no matter of the path that is tried. A process is never ended: where a test
  // beside this one held a login port, it was told to kill the process of all tests, and did.
  const isOfMachine = ({ id, fix }: Found) => id === "codex_several" || /^(?:sudo )?kill /.test(fix ?? "");
  const fresh = found.filter((each) => !known.has(each.id) && !isOfMachine(each));
  const named = fresh.filter((each) => JSON.stringify(each).includes(home.file(path)));
  const said = [...wrong];
  if (fresh.some(({ id }) => id === "check_failed")) said.push(`a check failed: ${JSON.stringify(fresh)}`);
  if (isSpare && failed.length > 0) said.push(`stops ${failed.join(", ")}`);
  if (failed.length > 0 && !isFine && named.length === 0) said.push(`is not named: ${JSON.stringify(fresh)}`);
  if (named.some(({ fix }) => fix === null)) said.push(`has no end: ${JSON.stringify(named)}`);
  // Nothing to obey, and what works goes on to work.
  if (failed.length + fresh.length === 0) return said.map((each) => `${path}: ${each}`);
  // As root a test does what it is told, and one advice was to take the root of all folders.
  const reaching = fresh.filter(({ fix }) => changesOutside(fix ?? "", home.path));
  said.push(...reaching.map(({ fix }) => `changes what is outside: ${fix}`));
  await obey(
    home,
    fresh.filter((each) => !reaching.includes(each)),
    { env, uid },
  );
  // What was moved away is missed, and made again.
  for (const line of [`import ${home.file("logins")}`, "switch 1"]) await worker.run(home, line, env);
  const after = await roundOf(worker, home, env);
  const still = after.found.filter((each) => fresh.some(({ message }) => message === each.message));
  if (after.failed.length + still.length > 0)
    said.push(
      `still: ${after.failed.join(", ")} ${JSON.stringify(still)} after ${fresh.map(({ fix }) => fix).join("; ")}`,
    );
  return said.map((each) => `${path}: ${each}`);
}

function changesOutside(fix: string, home: string): boolean {
  if (!/^(?:sudo |chmod |chown |mv |rm|mkdir )/.test(fix)) return false;
  return [...fix.matchAll(/(?<=[' ])\/[^' ]*/g)].some(
    ([path]) => path !== home && !path.startsWith(`${home}/`),
  );
}

/** Without a password: whoever runs the tests is root, or there is no sudo in what is named. */
async function obey(
  home: TestHome,
  found: readonly Found[],
  { env, uid }: { env: Env; uid: number | undefined },
): Promise<void> {
  for (const { fix } of found) {
    const [, name] = /^unset (\w+)$/.exec(fix ?? "") ?? [];
    if (name !== undefined) delete env[name];
    else if (fix !== null) {
      const path = `${join(projectRoot, "bin")}:${process.env["PATH"]}`;
      const words = ["-c", fix.replace(/^sudo /, "").replace(`"$(id -un)"`, String(uid ?? 0))];
      const options = { env: { ...home.env, ...env, PATH: path }, cwd: home.path };
      const isOfUser = uid !== undefined && !fix.startsWith("sudo ");
      await runProcess("/bin/sh", words, isOfUser ? { ...options, uid } : options);
    }
  }
}

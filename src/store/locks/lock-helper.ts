import { errorCode } from "../../machine/file-error.ts";
import type { FileSystem } from "../../machine/file-system.ts";
import { openRegular } from "../../machine/guarded-file.ts";

/** A program that locks the descriptors it inherits, numbered from 3, and ends: 0 locked, 1 held by another. */
interface LockProgram {
  name: string;
  /** One run locks all of them, or each takes one of its own. */
  runs: (count: number) => string[][];
}

const perl = `for my $fd (@ARGV) {
  open(my $file, "<&=", $fd) or die "descriptor $fd: $!";
  flock($file, LOCK_EX | LOCK_NB) or do { exit 1 if $!{EWOULDBLOCK}; die "flock: $!" };
}`;

const python = `import fcntl, sys
for fd in sys.argv[1:]:
    try:
        fcntl.flock(int(fd), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(1)
    except OSError as error:
        sys.stderr.write("flock: " + error.strerror)
        sys.exit(71)`;

/** The first that is there is used. macOS has no flock program, but perl; an image for Python may have neither. */
const programs: readonly LockProgram[] = [
  { name: "flock", runs: (count) => numbers(count).map((fd) => ["-xn", fd]) },
  { name: "perl", runs: (count) => [["-MFcntl=:flock", "-MErrno", "-e", perl, ...numbers(count)]] },
  { name: "python3", runs: (count) => [["-I", "-S", "-c", python, ...numbers(count)]] },
];

export const lockProgramNames: readonly string[] = programs.map(({ name }) => name);

export type HelperAnswer =
  | { kind: "locked"; name: string }
  | { kind: "held"; name: string }
  /** It is there, and does not do its work. */
  | { kind: "failed"; name: string; why: string }
  /** None of the programs is there. */
  | { kind: "none" };

/** Locks open files as flock(2) does, all of them or, where one is held, none for longer than they stay open. */
export async function runHelper(descriptors: readonly number[], path?: string): Promise<HelperAnswer> {
  let refused: HelperAnswer = { kind: "none" };
  for (const program of programs) {
    const answer = await runProgram(program, descriptors, path);
    if (answer.kind !== "missing" && answer.kind !== "refused") return answer;
    // One that may not be run is as good as none, as long as another can.
    if (answer.kind === "refused" && refused.kind === "none") refused = { ...answer, kind: "failed" };
  }
  return refused;
}

/** What locks files here. Locks nothing that anybody else looks at. */
export async function lockHelper(
  fs: FileSystem,
  path: string,
  flock = (descriptors: readonly number[]) => runHelper(descriptors, path),
): Promise<HelperAnswer> {
  const fd = openRegular(fs, process.execPath, { limitBytes: Infinity });
  try {
    const said = await flock([fd]);
    // By another command that asks at this moment: so the program does its work.
    return said.kind === "held" ? { ...said, kind: "locked" } : said;
  } finally {
    fs.closeSync(fd);
  }
}

type Said = HelperAnswer | { kind: "missing" } | { kind: "refused"; name: string; why: string };

async function runProgram(
  { name, runs }: LockProgram,
  descriptors: readonly number[],
  path: string | undefined,
): Promise<Said> {
  try {
    for (const args of runs(descriptors.length)) {
      const { code, signal, text } = await run(name, args, { descriptors, path });
      if (code === 1) return { kind: "held", name };
      if (code === 0) continue;
      // What a link to a BusyBox without it says, and a shim of pyenv for a Python that is not installed.
      if (code === 127) return { kind: "missing" };
      const end = code === null ? `it was ended by ${signal}` : `exit code ${code}`;
      return { kind: "failed", name, why: text === "" ? end : `${end}, ${text}` };
    }
    return { kind: "locked", name };
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT") return { kind: "missing" };
    const why = `it did not start: ${code || String(error)}`;
    return { kind: code === "EACCES" ? "refused" : "failed", name, why };
  }
}

interface End {
  code: number | null;
  signal: string | null;
  /** The last line on standard error. */
  text: string;
}

interface RunOptions {
  descriptors: readonly number[];
  /** Where programs are looked for; without it, where this process does. */
  path: string | undefined;
}

function run(program: string, args: string[], { descriptors, path }: RunOptions): Promise<End> {
  // Asked for here, because it brings all of Node's network code along.
  const { spawn } = process.getBuiltinModule("node:child_process");
  const env = path === undefined ? {} : { env: { PATH: path } };
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...env, stdio: ["ignore", "ignore", "pipe", ...descriptors] });
    let text = "";
    child.stderr?.on("data", (chunk: Buffer) => void (text += chunk.toString()));
    child.once("error", reject);
    child.once("close", (code, signal) =>
      resolve({ code, signal, text: text.trim().split("\n").at(-1) ?? "" }),
    );
  });
}

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index + 3));
}

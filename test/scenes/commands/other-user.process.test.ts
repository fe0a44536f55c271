import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { complaintsAbout, roundOf } from "../../support/command-round.ts";
import { CommandWorker } from "../../support/command-worker.ts";
import { forgeAuthJson } from "../../support/forge.ts";
import { copyOf, environment, fullHome, sparePaths } from "../../support/full-home.ts";
import { projectRoot, TestHome } from "../../support/home.ts";
import { pathsBelow } from "../../support/tree.ts";

/** Nobody's number on this machine: root may open whatever it likes, so that a walk as root finds no mode and no owner. */
const uid = 61_234;

/** What sudo, a copy or a careless command leaves; what stands there keeps its content where it can. */
const kinds: Record<string, (path: string) => void> = {
  "closed to its owner": (path) => fs.chmodSync(path, 0),
  "open to everybody": (path) => fs.chmodSync(path, fs.statSync(path).isDirectory() ? 0o777 : 0o666),
  "of root": (path) => execFileSync("chown", ["-R", "0:0", path]),
  "a link to nothing": (path) => {
    fs.rmSync(path, { recursive: true });
    fs.symlinkSync("/nowhere/at/all", path);
    fs.lchownSync(path, uid, uid);
  },
  "the other of file and folder": (path) => {
    const isFolder = fs.statSync(path).isDirectory();
    fs.rmSync(path, { recursive: true });
    if (isFolder) fs.writeFileSync(path, "no folder");
    else fs.mkdirSync(join(path, "inside"), { recursive: true });
    execFileSync("chown", ["-R", `${uid}:${uid}`, path]);
  },
};

/** A home of that user, with an account that only the pool has. */
async function homeOfUser(): Promise<{ full: TestHome; token: string }> {
  const full = await fullHome();
  const token = "rt_only_in_the_pool";
  const login = {
    email: "only@pool.example",
    userId: "user-only",
    accountId: "acct-only",
    refreshToken: token,
  };
  full.write("only.json", forgeAuthJson(login));
  await full.run(["import", full.file("only.json")]);
  full.remove("only.json");
  execFileSync("chown", ["-R", `${uid}:${uid}`, full.path]);
  return { full, token };
}

function copyFor(full: TestHome): TestHome {
  const home = copyOf(full);
  execFileSync("chown", ["-R", `${uid}:${uid}`, home.path]);
  return home;
}

/** The built program, where another user can read it. */
function programForAll(): string {
  const folder = new TestHome();
  fs.cpSync(join(projectRoot, "dist/cli"), folder.file("dist/cli"), { recursive: true });
  fs.copyFileSync(join(projectRoot, "package.json"), folder.file("package.json"));
  for (const name of dependenciesOf(projectRoot))
    fs.cpSync(join(projectRoot, "node_modules", name), folder.file(`node_modules/${name}`), {
      recursive: true,
    });
  execFileSync("chmod", ["-R", "a+rX", folder.path]);
  return folder.file("dist/cli/program.cjs");
}

/** With those of those, all of which npm puts side by side. */
function dependenciesOf(folder: string, found = new Set<string>()): Set<string> {
  const manifest = JSON.parse(fs.readFileSync(join(folder, "package.json"), "utf8")) as {
    dependencies?: Record<string, string>;
  };
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    const next = join(projectRoot, "node_modules", name);
    if (found.has(name) || !fs.existsSync(next)) continue;
    found.add(name);
    dependenciesOf(next, found);
  }
  return found;
}

const isRoot = process.geteuid?.() === 0;

test.runIf(isRoot).each(Object.keys(kinds))(
  "for a user who is not root, anything that is %s hangs no command, loses nothing, and is named by doctor where a command stops",
  async (kind) => {
    const { full, token } = await homeOfUser();
    const worker = new CommandWorker({ program: programForAll(), uid });
    const first = copyFor(full);
    const healthy = await roundOf(worker, first, environment(first));
    expect([healthy.failed, healthy.wrong]).toEqual([[], []]);
    const known = new Set(healthy.found.map(({ id }) => id));
    const wrong: string[] = [];
    for (const path of pathsBelow(full.path).filter((each) => !/^(logins|program)/.test(each))) {
      const home = copyFor(full);
      const wasFolder = fs.statSync(home.file(path)).isDirectory();
      const holds = execFileSync("grep", ["-rl", token, home.path])
        .toString()
        .includes(dirname(home.file(path)));
      kinds[kind]?.(home.file(path));
      const isSpare = sparePaths.test(path) && !wasFolder;
      const trouble = { known, path, env: environment(home), isSpare, uid };
      wrong.push(...(await complaintsAbout(worker, home, trouble)));
      const isKept = /^(closed|open|of root)/.test(kind) || !holds;
      if (isKept && execFileSync("grep", ["-rl", token, home.path], { encoding: "utf8" }) === "")
        wrong.push(`${path}: the token is lost`);
      fs.rmSync(home.path, { recursive: true, force: true });
    }
    expect(wrong).toEqual([]);
  },
  900_000,
);

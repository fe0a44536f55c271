import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ExecScene, sh } from "../../support/exec-scene.ts";
import type { TestHome } from "../../support/home.ts";

function parked(home: TestHome): string[] {
  return existsSync(home.file("codex-auth/parked")) ? readdirSync(home.file("codex-auth/parked")) : [];
}

/** What is in use or not tidied up; where it is unknown whether a Codex ran, the links stay that it may have remembered. */
function homesOf(home: TestHome): string[] {
  const folder = home.file("codex-auth/homes");
  const lasting = new Set(["archived_sessions", "sessions"]);
  return readdirSync(folder).filter((name) => {
    const path = join(folder, name);
    return name.endsWith(".owner") || readdirSync(path).some((each) => !lasting.has(each));
  });
}

async function expectWorking(home: TestHome): Promise<void> {
  for (const line of ["list", "status", "switch 2", "switch 1", "token 1", "exec 2 -- true"])
    expect([line, await home.runProcess(line.split(" "))]).toMatchObject([line, { code: 0, stderr: "" }]);
}

/** What a child leaves in the place of the login that it was given. */
const leavings: [string, string][] = [
  ["a folder", "mkdir $A; echo kept >$A/notes"],
  ["a pipe", "mkfifo $A"],
  ["a link to a device", "ln -s /dev/zero $A"],
  ["a link to a terminal", "ln -s /dev/ptmx $A"],
  ["a loop of links", "ln -s $A $A"],
  ["a link to nothing", "ln -s /nowhere/auth.json $A"],
  ["a file without end", "truncate -s 100G $A"],
  ["a file that is no login", "echo nonsense >$A"],
];

// An auth.json there that was no file made 16 commands fail for ever, and doctor said that all was well.
test.each(leavings)("%s left as auth.json in a private home is put aside and named", async (_, script) => {
  const { home, ...scene } = await ExecScene.open().then((each) => ({
    home: each.home,
    run: each.run.bind(each),
  }));
  const { code, stderr } = await scene.run(sh(`A=$CODEX_HOME/auth.json; rm $A; ${script}`));
  const [kept = ""] = parked(home);
  expect(kept).toMatch(/^exec-\d{8}T\d{9}Z-auth\.json$/);
  expect([code, stderr]).toEqual([
    0,
    expect.stringContaining(
      `cannot be read as a login, so it was kept: ${home.file(`codex-auth/parked/${kept}`)}`,
    ),
  ]);
  expect(homesOf(home)).toEqual([]);
  await expectWorking(home);
  const { findings } = JSON.parse((await home.runProcess(["doctor", "--json"])).stdout);
  const named = findings.find(({ id }: { id: string }) => id === "files_kept_aside");
  expect(named?.evidence).toEqual([home.file(`codex-auth/parked/${kept}`)]);
});

test("the same after kill -9: the next command puts it aside", async () => {
  const scene = await ExecScene.open();
  const run = await scene.start("rm $CODEX_HOME/auth.json; mkdir $CODEX_HOME/auth.json");
  run.kill("SIGKILL");
  await run.exited;
  run.killChild();
  await run.ended;
  await expectWorking(scene.home);
  expect(parked(scene.home)).toEqual([expect.stringMatching(/-auth\.json$/)]);
  expect(homesOf(scene.home)).toEqual([]);
});

const records: [string, string][] = [
  ["a folder", "mkdir $O"],
  ["a pipe", "mkfifo $O"],
  ["a loop of links", "ln -s $O $O"],
  ["nothing", ":"],
];

/** By then the record is complete: it names the command and what it runs. */
const whenRecorded = "O=$CODEX_HOME.owner; while [ $(wc -l <$O) -lt 2 ]; do sleep 0.02; done; rm $O";

test.each(records)("%s in the place of the record of a private home stops nobody", async (_, script) => {
  const scene = await ExecScene.open();
  const { code } = await scene.run(sh(`${whenRecorded}; ${script}`));
  expect(code).toBe(0);
  expect(homesOf(scene.home)).toEqual([]);
  await expectWorking(scene.home);
});

// Written anew by what runs inside: no record any more, and after a minute nobody is at it.
const spoiled = ["a text", "echo nonsense >$O; touch -d '2 minutes ago' $O"] satisfies [string, string];

test.each([...records.slice(0, 3), spoiled])(
  "%s there after kill -9: the home goes once nothing runs in it",
  async (_, script) => {
    const scene = await ExecScene.open();
    const login = scene.home.file("logins/c.json");
    const run = await scene.start(`${whenRecorded}; ${script}; cp ${login} $CODEX_HOME/auth.json`);
    run.kill("SIGKILL");
    await run.exited;
    await scene.home.runProcess(["switch", "2"]);
    expect(homesOf(scene.home)).toHaveLength(2);
    run.killChild();
    await run.ended;
    await expectWorking(scene.home);
    expect(homesOf(scene.home)).toEqual([]);
  },
);

// What runs inside may be kept from writing anywhere else; the command that tidies up is not.
test("a link in the place of a private home is not followed when the home is removed", async () => {
  const scene = await ExecScene.open();
  scene.home.write("precious/file", "text");
  const script = `mv $CODEX_HOME $CODEX_HOME.moved; ln -s ${scene.home.file("precious")} $CODEX_HOME`;
  expect((await scene.run(sh(script))).code).toBe(0);
  await expectWorking(scene.home);
  expect(scene.home.read("precious/file")).toBe("text");
  expect(existsSync(scene.home.file("file"))).toBe(false);
});

test("a link to a device does not go back to the real home as its config.toml", async () => {
  const scene = await ExecScene.open();
  const script = "rm $CODEX_HOME/config.toml; ln -s /dev/zero $CODEX_HOME/config.toml";
  const { code, stderr } = await scene.run(sh(script));
  expect([code, stderr]).toEqual([0, expect.stringContaining("something else has its name")]);
  expect(existsSync(scene.home.file("config.toml"))).toBe(false);
  expect(lstatSync(scene.home.file(`codex-auth/parked/${parked(scene.home)[0]}`)).isSymbolicLink()).toBe(
    true,
  );
  await expectWorking(scene.home);
});

test("what is copied aside keeps its bytes, and is closed to others", async () => {
  const scene = await ExecScene.open();
  await scene.run(sh("umask 0; echo nonsense >$CODEX_HOME/auth.json; chmod 666 $CODEX_HOME/auth.json"));
  const path = scene.home.file(`codex-auth/parked/${parked(scene.home)[0]}`);
  expect([readFileSync(path, "utf8"), lstatSync(path).mode & 0o777]).toEqual(["nonsense\n", 0o600]);
});

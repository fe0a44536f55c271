import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../../support/exec-scene.ts";
import { homeWithThree, projectRoot, runProcess, type TestHome } from "../../support/home.ts";

/** `report --serve` in a home of its own; it ends with the test. */
async function served(home: TestHome, options: readonly string[] = []) {
  const { PATH = "" } = process.env;
  const env = { ...home.env, PATH };
  const child = spawn(join(projectRoot, "bin/codex-auth"), ["report", "--serve", ...options], { env });
  onTestFinished(() => void child.kill("SIGKILL"));
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => (said.stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (said.stderr += String(chunk)));
  const address = /The report is at (http:\S+)/;
  await until(() => address.test(said.stdout + said.stderr) || child.exitCode !== null);
  return { child, said, url: address.exec(said.stdout + said.stderr)?.[1] ?? "" };
}

async function codeOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) await once(child, "close");
  return child.exitCode;
}

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "the page is shown until %s, and nothing is left behind",
  async (signal) => {
    const home = await homeWithThree();
    const before = readdirSync(home.path, { recursive: true });
    const { child, said, url } = await served(home);
    const page = await (await fetch(url)).text();
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toContain("dev@team.example");
    expect(readFileSync(`/proc/${child.pid}/cmdline`, "latin1")).not.toContain(
      new URL(url).pathname.slice(1, -1),
    );

    child.kill(signal);
    expect(await codeOf(child)).toBe(0);
    expect(said.stderr).toBe("");
    expect(said.stdout).toBe(`The report is at ${url}\nOnly this machine reaches it. Ctrl-C ends it.\n`);
    await expect(fetch(url)).rejects.toThrow("fetch failed");
    expect(readdirSync(home.path, { recursive: true })).toEqual(before);
  },
);

test("with --json the address goes to stderr, and the document comes at the end", async () => {
  const home = await homeWithThree();
  const { child, said } = await served(home, ["--json"]);
  expect(said.stdout).toBe("");
  child.kill("SIGINT");
  expect(await codeOf(child)).toBe(0);
  expect(JSON.parse(said.stdout)).toMatchObject({ command: "report", ok: true, served: true, file: null });
});

test.each([["--out", "a.html"], ["--html"]])("--serve does not go with %s", async (...options) => {
  const home = await homeWithThree();
  const { code, stderr } = await home.run(["report", "--serve", ...options]);
  expect(code).toBe(1);
  expect(stderr).toContain("Leave one of them out");
});

const isRoot = process.getuid?.() === 0;

test.runIf(isRoot && process.platform === "linux")(
  "another user of the machine is turned away, also with the address",
  async () => {
    const home = await homeWithThree();
    const serverUid = 61_234;
    await runProcess("chown", ["-R", String(serverUid), home.path]);
    const { PATH = "" } = process.env;
    const program = join(projectRoot, "bin/codex-auth");
    const child = spawn(process.execPath, [program, "report", "--serve"], {
      env: { ...home.env, PATH },
      uid: serverUid,
      cwd: "/",
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let said = "";
    child.stdout.on("data", (chunk) => (said += String(chunk)));
    child.stderr.on("data", (chunk) => (said += String(chunk)));
    await until(() => /at http:\S+/.test(said) || child.exitCode !== null);
    const url = /at (http:\S+)/.exec(said)?.[1] ?? said;
    const asks = `fetch(${JSON.stringify(url)}).then((answer) => console.log(answer.status))`;
    const statusFor = async (uid: number) =>
      (await runProcess(process.execPath, ["-e", asks], { uid, env: { PATH } })).stdout.trim();
    expect(await statusFor(serverUid)).toBe("200");
    expect(await statusFor(61_235)).toBe("404");
    expect(await statusFor(0)).toBe("200");
  },
);

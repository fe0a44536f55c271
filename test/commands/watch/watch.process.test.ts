import { expect, onTestFinished, test } from "vitest";
import { ExecScene, until } from "../../support/exec-scene.ts";
import { FakeResponses } from "../../support/openai/responses.ts";
import { homeWithThree, projectRoot } from "../../support/home.ts";
import { RenewalScene } from "../../support/renewals.ts";
import { hasTmux, Terminal } from "../../support/tmux.ts";

const binary = `${projectRoot}/bin/codex-auth`;

test.runIf(hasTmux)(
  "watch follows a switch that another process makes, switches itself when asked, and gives the screen back",
  async () => {
    const home = await homeWithThree();
    await home.run(["label", "2", "work"]);
    const terminal = Terminal.open(home, ["/bin/sh"], { env: { ...home.env, PS1: "$ " } });
    const open = async () => {
      terminal.type(`clear; echo before; sh -c 'echo $$ >pid; exec ${binary} watch'; echo code $?`);
      terminal.press("Enter");
      await terminal.shows("? help, q quit");
    };
    await open();
    expect(terminal.screen()).not.toContain("before");
    expect(terminal.screen()).toMatch(/❯ \* 1 ada@personal\.example/);

    await home.run(["switch", "3"]);
    await until(() => /\* 3 /.test(terminal.screen()));
    expect(terminal.screen()).toMatch(/❯ \* 3 /);

    terminal.press("Up");
    terminal.press("Enter");
    await terminal.shows("Switch to work? y/n");
    terminal.press("y");
    await terminal.shows("Switched to work (dev@team.example).");
    expect(terminal.screen()).toMatch(/❯ \* 2 work/);
    terminal.press("p");
    await until(() => /2 work .*paused/.test(terminal.screen()));

    terminal.press("q");
    await terminal.shows("code 0");
    expect(terminal.screen()).toContain("before");
    expect(terminal.screen()).not.toContain("? help");
    terminal.type("echo still-here");
    await terminal.shows("echo still-here");
    terminal.press("Enter");

    for (const signal of ["SIGTERM", "SIGHUP", "SIGQUIT"] as const) {
      await open();
      process.kill(Number(home.read("pid")), signal);
      await terminal.shows("code 0");
      expect(terminal.screen()).toContain("before");
    }
  },
);

// Measured before: the shell's prompt stood in the middle of the view, with no cursor, and nothing typed was seen.
test.runIf(hasTmux)(
  "a stop that comes from outside, and Ctrl-Z, give the screen back; fg takes it again",
  async () => {
    const home = await homeWithThree();
    const terminal = Terminal.open(home, ["/bin/sh", "-i"], { env: { ...home.env, PS1: "$ " } });
    for (const how of ["SIGTSTP", "Ctrl-Z"] as const) {
      terminal.type(`clear; echo before; ${binary} watch`);
      terminal.press("Enter");
      await terminal.shows("? help, q quit");
      await terminal.stops(how);
      expect(terminal.screen()).toContain("before");
      expect(terminal.screen()).not.toContain("? help");
      await terminal.goesOn();
      await terminal.shows("? help, q quit");
      expect(terminal.screen()).not.toContain("before");
      terminal.press("q");
      await until(() => !terminal.screen().includes("? help"));
      expect(terminal.screen()).toContain("before");
    }
  },
);

test("in a pipe watch prints once and ends", async () => {
  const home = await homeWithThree();
  const { code, stdout } = await home.run(["watch"]);
  expect(code).toBe(0);
  expect(stdout).toContain("1 ada@personal.example");
  expect(stdout).not.toContain("\u001b");
  const document = JSON.parse((await home.run(["watch", "--json"])).stdout);
  expect(document).toMatchObject({ command: "watch", ok: true, live: false });
});

test("what a running rotation proxy decided last is told, newest first", async () => {
  const upstream = await FakeResponses.start();
  const home = await homeWithThree();
  const env = { CODEX_AUTH_BACKEND: upstream.backend };
  expect((await home.runProcess(["watch", "--json"], { env })).stdout).toContain('"decisions": []');
  const started = await home.runProcess(["rotation", "start", "--background"], { env });
  expect(started.code).toBe(0);
  const { process: owner, port, key } = JSON.parse(home.read("codex-auth/rotation.json")) as Entry;
  onTestFinished(() => void process.kill(owner.pid, "SIGKILL"));
  const answer = await fetch(`http://127.0.0.1:${port}/v1/responses`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "gpt-5", input: "hi", stream: true }),
  });
  await answer.text();
  const { decisions } = JSON.parse((await home.runProcess(["watch", "--json"], { env })).stdout);
  expect(decisions).toHaveLength(1);
  expect(decisions[0]).toMatchObject({ kind: "use", reason: "best" });
  expect(decisions[0].name).toMatch(/@/);
  expect((await home.runProcess(["watch"], { env })).stdout).toMatch(/Proxy \d\d:\d\d: use \S+@/);
});

test("what a running gateway decided last is told, with the key whose request it was", async () => {
  const upstream = await FakeResponses.start();
  const home = await homeWithThree();
  const env = { CODEX_AUTH_BACKEND: upstream.backend };
  const gateway = async (words: string[]) =>
    JSON.parse((await home.runProcess(["gateway", ...words, "--json"], { env })).stdout);
  const started = await gateway(["start", "--background"]);
  expect(started.ok).toBe(true);
  onTestFinished(() => void process.kill(started.gateway.pid, "SIGKILL"));
  const { secret } = (await gateway(["key", "create", "ci"])).key;
  const ask = async (path: string, key: string, body?: object) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const init = body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers };
    const answer = await fetch(new URL(path, started.url), init);
    return { status: answer.status, text: await answer.text() };
  };
  const answer = await ask("/v1/responses", secret, { model: "gpt-5", input: "hi", stream: true });
  expect(answer.status).toBe(200);

  const { decisions } = JSON.parse((await home.runProcess(["watch", "--json"], { env })).stdout);
  expect(decisions).toMatchObject([{ server: "gateway", kind: "use", client: "ci", outcome: "served" }]);
  expect(decisions[0].name).toMatch(/@/);
  expect((await home.runProcess(["watch"], { env })).stdout).toMatch(
    /Gateway \d\d:\d\d: use \S+@[^:]+ for ci \(best\), served/,
  );
  expect((await home.runProcess(["gateway", "status"], { env })).stdout).toMatch(
    /Last decisions:\n\d\d:\d\d use \S+@[^:]+ for ci \(best\): served/,
  );
  // Only who can read gateway.json is told: no client, and nobody without a key.
  const statuses = [await ask("/decisions", secret), await ask("/decisions", "nonsense")].map(
    (each) => each.status,
  );
  expect(statuses).toEqual([404, 401]);
});

test("what exec started is told with its account, or with the proxy that chooses for it", async () => {
  const scene = await ExecScene.open();
  const [plain, rotated] = [await scene.start(), await scene.start(":", { selector: "--rotate" })];
  const { stdout } = await scene.home.run(["watch"]);
  expect(stdout).toMatch(
    /Started by codex auth exec: (?:process \d+ with dev@team\.example|process \d+ through a rotation proxy of its own|, ){3}\./,
  );
  await Promise.all([plain.finish(), rotated.finish()]);
  expect((await scene.home.run(["watch"])).stdout).not.toContain("exec");
});

test.runIf(hasTmux)(
  "watch shows a renewal of another process and one of its own, and disturbs neither",
  async () => {
    const scene = await RenewalScene.open(["a", "b"]);
    const { home, fake } = scene;
    const env = { ...home.env, ...scene.env, PS1: "$ " };
    const terminal = Terminal.open(home, ["/bin/sh"], { env });
    terminal.type(`clear; ${binary} watch 2>errors; echo code $?`);
    terminal.press("Enter");
    await terminal.shows("? help, q quit");
    terminal.press("f");
    await terminal.shows("access token ends 1 h ago");
    /** What the card of a row says of its token. */
    const tokenOf = (row: number) =>
      new RegExp(`^.{4}${row} .*\\n(?: {4}.*\\n)*? {4}.*(access token .*)$`, "m").exec(
        terminal.screen(),
      )?.[1];
    const renewed = expect.stringMatching(/^access token ends in \d+ min; renewed \d+ s ago$/);

    expect((await scene.succeed(["token", "a@example.com"])).stdout).not.toBe("");
    await expect.poll(() => tokenOf(1)).toEqual(renewed);
    expect(tokenOf(2)).toContain("access token ends 1 h ago");
    expect([fake.issuer.refreshes, fake.issuer.reuses]).toEqual([1, 0]);

    terminal.press("r");
    await terminal.shows("Checked: every account answered.");
    await expect.poll(() => tokenOf(2)).toEqual(renewed);
    expect([fake.issuer.refreshes, fake.issuer.reuses]).toEqual([2, 0]);

    terminal.press("q");
    await terminal.shows("code 0");
    expect(home.read("errors")).toBe("");
    expect(scene.lost(["a", "b"])).toEqual([]);
    expect(home.read("auth.json")).toContain(fake.issuer.newestToken("a@example.com"));
  },
);

interface Entry {
  process: { pid: number };
  port: number;
  key: string;
}

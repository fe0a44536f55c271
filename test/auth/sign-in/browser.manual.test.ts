import { expect, test } from "vitest";
import { homeWithThree, TestHome } from "../../support/home.ts";
import { RunningLogin, signIn, startFake } from "../../support/login.ts";

test("the pasted address is read from a pipe that stays open", async () => {
  const home = new TestHome();
  const fake = await startFake();
  const login = new RunningLogin(home, fake, ["--manual", "--json"]);
  const url = await login.url();
  expect(url.searchParams.get("redirect_uri")).toBe("http://127.0.0.1:1455/auth/callback");
  login.type(`\n${(await login.callback()).href}\n`);
  const { code, stdout, stderr } = await login.finished;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ flow: "manual", outcome: "added" });
  for (const secret of fake.authorizer.secrets) expect(stdout + stderr).not.toContain(secret);
});

test("Ctrl-C while the address is awaited ends with 130", async () => {
  const login = new RunningLogin(new TestHome(), await startFake(), ["--manual"]);
  await login.url();
  login.interrupt();
  expect(await login.finished).toMatchObject({ code: 130, stderr: expect.stringContaining("Stopped.") });
});

test.each([
  ["the query alone", (answer: string) => answer.slice(answer.indexOf("?") + 1)],
  ["a query with its mark", (answer: string) => answer.slice(answer.indexOf("?"))],
  ["blanks and a fragment", (answer: string) => `  ${answer}#_=_ `],
])("%s is enough", async (_, change) => {
  const { code, stdout } = await signIn(new TestHome(), await startFake(), [], { change });
  expect([code, stdout]).toEqual([0, expect.stringContaining("Added a@example.com")]);
});

// The first wrong paste ended the login, and with it the page that was open in the browser.
test("a wrong paste is told, and the next one is taken", async () => {
  const home = new TestHome();
  const fake = await startFake();
  const login = new RunningLogin(home, fake, ["--manual"]);
  const right = (await login.callback()).href;
  login.type("https://chatgpt.com/\n");
  login.type(`${right.replace(/state=[^&]*/, "state=x")}\n\n`);
  login.type(`${right}\n`);
  const { code, stderr } = await login.finished;
  expect([code, fake.count("exchange")]).toEqual([0, 1]);
  expect(stderr).toMatch(/not the address of the page[^]*another login[^]*Paste/);
});

test("a wrong paste on a terminal is asked for again", async () => {
  let pastes = 0;
  const change = (answer: string) => ((pastes += 1) < 3 ? "https://chatgpt.com/" : answer);
  const { code, questions } = await signIn(new TestHome(), await startFake(), [], { change, says: "" });
  expect([code, questions.filter((each) => each.startsWith("Address")).length]).toEqual([0, 3]);
});

test.each<[string, (answer: string) => string, string, string]>([
  [
    "another state",
    (answer) => answer.replace(/state=[^&]*/, "state=x"),
    "login_state_mismatch",
    "State mismatch",
  ],
  ["no address", () => "https://chatgpt.com/", "login_failed", "This is not the address of the page"],
  ["nothing", () => "", "login_failed", "This is not the address of the page"],
  ["no code", (answer) => answer.replace(/code=[^&]*/, "x=1"), "login_failed", "holds no code"],
  ["a wrong code", (answer) => answer.replace(/code=[^&]*/, "code=x"), "login_failed", "invalid_grant"],
  ["a refusal", (answer) => answer.replace(/code=[^&]*/, "error=access_denied"), "login_denied", "denied"],
  ["a fault", (answer) => answer.replace(/code=[^&]*/, "error=server_error"), "login_failed", "server_error"],
])("%s is refused, and nothing is changed", async (_, change, code, text) => {
  const home = await homeWithThree();
  const before = [home.read("auth.json"), home.read("codex-auth/pool.json")];
  const result = await signIn(home, await startFake(), ["--json"], { change });
  expect(JSON.parse(result.stdout)).toMatchObject({ ok: false, error: { code } });
  expect([result.code, result.stderr]).toEqual([1, expect.stringContaining(text)]);
  expect([home.read("auth.json"), home.read("codex-auth/pool.json")]).toEqual(before);
});

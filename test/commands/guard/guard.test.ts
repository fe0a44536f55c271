import { expect, test } from "vitest";
import { runFake, testNowMs } from "../../support/fake-context.ts";
import { TestHome } from "../../support/home.ts";
import { datedLogins } from "../../support/quota-scenarios.ts";

const hourMs = 3_600_000;

async function homeWith(usedPercent: number | null, resetsInMs = 2 * hourMs): Promise<TestHome> {
  const home = new TestHome();
  home.writeLogins({ a: datedLogins["a"] ?? {} });
  await runFake(home, ["import"]);
  if (usedPercent === null) return home;
  const { id } = JSON.parse((await runFake(home, ["list", "--json"])).stdout).accounts[0];
  const limit = { limitId: "codex", window: "primary", usedPercent, windowMinutes: 300, source: "usage" };
  const limits = [{ ...limit, resetsAtMs: testNowMs + resetsInMs, observedAtMs: testNowMs - 1000 }];
  home.write("codex-auth/limits.json", { version: 1, accounts: { [id]: { limits, availability: null } } });
  return home;
}

test("an account of which nothing is known does not pass, and is called unknown", async () => {
  const home = await homeWith(null);
  const { code, stdout } = await runFake(home, ["guard"]);
  expect([code, stdout]).toEqual([1, expect.stringContaining("unknown: ask OpenAI with --live")]);
  expect((await runFake(home, ["guard", "--allow-unknown"])).code).toBe(0);
});

test("an API key passes, unless the rule is strict", async () => {
  const home = new TestHome();
  home.write("auth.json", { OPENAI_API_KEY: "sk-test" });
  await runFake(home, ["import"]);
  expect((await runFake(home, ["guard", "--min-remaining", "50"])).code).toBe(0);
  expect((await runFake(home, ["guard", "--strict"])).code).toBe(1);
});

test("--wait sleeps until the window is full again, and then passes", async () => {
  const home = await homeWith(100, 20 * 60_000);
  let nowMs = testNowMs;
  const sleep = (ms: number) => Promise.resolve(void (nowMs += ms));
  const waits = { now: () => nowMs, sleep };
  const { code, stdout, stderr } = await runFake(home, ["guard", "--wait", "2h", "--json"], waits);
  expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ passed: true })]);
  expect(nowMs - testNowMs).toBeGreaterThanOrEqual(20 * 60_000);
  expect(nowMs - testNowMs).toBeLessThan(30 * 60_000);
  expect(stderr).toContain("Waiting until ");
});

test("--wait gives up at its end", async () => {
  const home = await homeWith(100, 20 * hourMs);
  let nowMs = testNowMs;
  const sleep = (ms: number) => Promise.resolve(void (nowMs += ms));
  const { code } = await runFake(home, ["guard", "--wait", "1h"], { now: () => nowMs, sleep });
  expect([code, nowMs - testNowMs]).toEqual([1, hourMs]);
  expect((await runFake(home, ["guard", "--wait", "soon"])).stderr).toContain("Not a time: soon");
});

test("in GitHub Actions a failure is an annotation, and the summary of the job has the table", async () => {
  const home = await homeWith(100);
  const env = { LANG: "C.UTF-8", GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: home.file("summary.md") };
  const { code, stderr } = await runFake(home, ["guard", "--min-remaining", "20"], { env });
  expect(code).toBe(1);
  expect(stderr).toContain(
    "::error title=codex-auth guard::No: ada@personal.example does not have 20 %25 left.\n",
  );
  expect(home.read("summary.md")).toMatch(
    /^### No: ada@personal\.example does not have 20 % left\.\n\n\| passes \| row/,
  );
});

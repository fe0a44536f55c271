import { existsSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runFake } from "../../support/fake-context.ts";
import { usageBody } from "../../support/openai/usage.ts";
import { homeWithThree } from "../../support/home.ts";
import { RenewalScene } from "../../support/renewals.ts";

const dayLong = { expiresInSec: 86_400 };

async function readFacts() {
  const scene = await RenewalScene.open(["a", "b"], dayLong);
  scene.fake.usage.answer("acct-a", { status: 200, body: usageBody({ primary: 90, secondary: 80 }) });
  scene.fake.usage.answer("acct-b", { status: 200, body: usageBody({ primary: 10, secondary: 10 }) });
  return scene;
}

test("forecast --live asks about every account once, and recommends by the answers", async () => {
  const scene = await readFacts();
  const { stdout } = await scene.succeed(["forecast", "--live", "--json"]);
  const { source, accounts, recommendation, failures } = JSON.parse(stdout);
  expect({ source, failures }).toEqual({ source: "live", failures: [] });
  expect(accounts[1].limits).toMatchObject([{ remainingPercent: 90 }, { remainingPercent: 90 }]);
  expect(recommendation.id).toBe(accounts[1].id);
  expect(scene.fake.count("usage")).toBe(2);
  expect(scene.fake.issuer.refreshes).toBe(0);
});

test("without --live nothing is asked", async () => {
  const scene = await readFacts();
  for (const line of ["forecast", "why", "report", "guard", "statusline", "switch --auto --dry-run"]) {
    await scene.run(line.split(" "));
  }
  expect(scene.fake.log).toEqual([]);
});

test("an account that cannot be asked is named, with Codex's name of the error", async () => {
  const scene = await readFacts();
  scene.fake.usage.answer("acct-b", { status: 503, body: "" });
  const { code, stdout, stderr } = await scene.run(["report", "--live", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout).forecast.failures).toMatchObject([
    { codexErrorInfo: expect.anything(), httpStatus: 503 },
  ]);
  expect(stderr).toContain("b@example.com could not be asked");
});

test("report --open shows a page that only this user can read", async () => {
  const home = await homeWithThree();
  const opened: string[] = [];
  const openUrl = (url: string) => Promise.resolve(void opened.push(url));
  const { code } = await runFake(home, ["report", "--open"], { openUrl });
  const [url = ""] = opened;
  const path = fileURLToPath(url);
  expect([code, existsSync(path)]).toEqual([0, true]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, "utf8")).toContain("<!doctype html>");
});

test("report --open where no browser starts says so, and where the page is", async () => {
  const home = await homeWithThree();
  const openUrl = () => Promise.reject(new Error("no display"));
  const { code, stdout, stderr } = await runFake(home, ["report", "--open"], { openUrl });
  const path = /^Wrote the report to (.+)\n$/.exec(stdout)?.[1] ?? "";
  expect([code, existsSync(path)]).toEqual([0, true]);
  expect(stderr).toBe(`No browser could be started here. Open the page yourself: file://${path}\n`);
});

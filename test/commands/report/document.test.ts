import { cpSync } from "node:fs";
import { expect, test } from "vitest";
import { runFake } from "../../support/fake-context.ts";
import { projectRoot, TestHome } from "../../support/home.ts";

// It was advised to switch also where the active account is the best, and for accounts that nobody uses now.
test("to leave an account that runs out is advised only where it is active and another one is better", async () => {
  const home = new TestHome();
  cpSync(`${projectRoot}/fixtures/homes/demo`, home.path, { recursive: true });
  await runFake(home, ["import", "logins"]);
  const advice = async () => {
    const { stdout } = await runFake(home, ["report", "--json"]);
    const { findings, forecast } = JSON.parse(stdout);
    const found = findings.filter(({ id }: { id: string }) => id === "runs_out");
    return [forecast.recommendation.name, found.map(({ fix }: { fix: string | null }) => fix)];
  };
  const [best, before] = await advice();
  expect(before).toEqual(["codex auth switch --auto"]);
  await runFake(home, ["switch", best]);
  expect(await advice()).toEqual([best, [null]]);
});

import { expect, test } from "vitest";
import type { RefreshOutcome } from "../../src/auth/refresh-outcome.ts";
import { Logins } from "../../src/proxy/logins.ts";
import { OutageScene } from "../support/outage-scene.ts";

/** As the proxy has them, on the clock of the scene; counts the renewals that are asked for. */
function loginsOf(scene: OutageScene) {
  const outcomes: RefreshOutcome["kind"][] = [];
  const logins = new Logins({
    now: () => scene.nowMs,
    reload: async (id) => (await scene.store.read()).pool.accounts.find((each) => each.id === id),
    renew: async (id, need) => {
      const outcome = await scene.renewById(id, need);
      outcomes.push(outcome.kind);
      return outcome;
    },
  });
  return { logins, outcomes };
}

// Found: each request whose token upstream refused started a process that only said that the renewal rests.
test.each([503, 504])("while a renewal rests after a %i, refused requests start no other", async (status) => {
  const scene = await OutageScene.open(["a"], { expiresInSec: 86_400 });
  const { logins, outcomes } = loginsOf(scene);
  const account = await scene.accountOf("a");
  scene.answer({ status, body: "" });
  for (let request = 0; request < 50; request += 1) {
    const reading = await logins.afterRejection(account, account.login.accessToken);
    expect(reading).toMatchObject({ kind: "none", isIssuerDown: true });
  }
  expect(outcomes).toEqual([status === 503 ? "backing-off" : "uncertain"]);
  scene.later(1.1);
  scene.answer(null);
  expect(await logins.afterRejection(account, account.login.accessToken)).toMatchObject({ kind: "login" });
  expect(scene.fake.issuer).toMatchObject({ refreshes: 1, reuses: 0 });
});

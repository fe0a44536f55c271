import { expect, test } from "vitest";
import type { RefreshOutcome } from "../../../src/auth/renew/need.ts";
import type { Account } from "../../../src/pool/account.ts";
import { AccessTokens } from "../../../src/proxy/accounts/access-tokens.ts";
import { OutageScene } from "../../support/outage-scene.ts";

/** As the proxy has them, on the clock of the scene; counts the renewals that are asked for. */
function loginsOf(scene: OutageScene) {
  const outcomes: RefreshOutcome["kind"][] = [];
  const logins = new AccessTokens({
    now: () => scene.nowMs,
    reload: async (id) => (await scene.store.read()).pool.accounts.find((each) => each.id === id),
    renew: async (id, need) => {
      const outcome = await scene.renewById(id, need);
      outcomes.push(outcome.kind);
      return outcome;
    },
    onFailed: () => undefined,
  });
  /** What became of a token that upstream refused, when its renewal has ended. */
  const reject = async (account: Account) => {
    const reading = logins.reject(account, account.login.accessToken);
    if (reading.kind === "renewing") await logins.needed.get(account.id);
    return logins.reject(account, account.login.accessToken);
  };
  return { logins, outcomes, reject };
}

// Found: each request whose token upstream refused started a process that only said that the renewal rests.
test.each([503, 504])("while a renewal rests after a %i, refused requests start no other", async (status) => {
  const scene = await OutageScene.open(["a"], { expiresInSec: 86_400 });
  const { logins, outcomes, reject } = loginsOf(scene);
  const account = await scene.accountOf("a");
  scene.answer({ status, body: "" });
  for (let request = 0; request < 50; request += 1) {
    expect(await reject(account)).toMatchObject({ kind: "none", isIssuerDown: true });
  }
  expect(outcomes).toEqual([status === 503 ? "backing-off" : "uncertain"]);
  scene.later(1.1);
  scene.answer(null);
  expect(logins.reject(account, account.login.accessToken)).toEqual({ kind: "renewing" });
  await logins.needed.get(account.id);
  expect(scene.fake.issuer).toMatchObject({ refreshes: 1, reuses: 0 });
});

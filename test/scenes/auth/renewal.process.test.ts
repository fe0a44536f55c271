import { expect, test } from "vitest";
import { RenewalScene } from "../../support/renewals.ts";

const rounds = 50;

/** Every access token ends at once, so that the next command has to renew again. */
function shortLived(scene: RenewalScene): RenewalScene {
  scene.fake.issuer.accessTokenSec = 1;
  return scene;
}

test(
  "two commands that renew different accounts reuse and lose no token, fifty times",
  { timeout: 300_000 },
  async () => {
    const scene = shortLived(await RenewalScene.open(["a", "b"]));
    for (let round = 0; round < rounds; round += 1) {
      await Promise.all(["a", "b"].map((name) => scene.succeed(["token", `${name}@example.com`])));
    }
    expect(scene.fake.issuer).toMatchObject({ refreshes: 2 * rounds, reuses: 0 });
    expect(scene.lost(["a", "b"])).toEqual([]);
  },
);

test(
  "two commands that renew the same account reuse and lose no token, fifty times",
  { timeout: 300_000 },
  async () => {
    const scene = shortLived(await RenewalScene.open(["a", "b"]));
    for (let round = 0; round < rounds; round += 1) {
      await Promise.all([1, 2].map(() => scene.succeed(["token", "a@example.com"])));
    }
    expect(scene.fake.issuer).toMatchObject({ reuses: 0 });
    expect(scene.lost(["a", "b"])).toEqual([]);
  },
);

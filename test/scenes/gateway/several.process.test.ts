import { expect, test } from "vitest";
import { revokeKey } from "../../../src/gateway/keys/client-keys.ts";
import { backEnds } from "../../support/database-backends.ts";
import { GatewayScene } from "../../support/gateway-scene.ts";
import { leastMs } from "../../support/least-time.ts";

const turn = { model: "gpt-6-sol", input: "hello", stream: true };
const postgres = backEnds().find(({ name }) => name === "PostgreSQL");

async function asking(scene: GatewayScene | undefined, request: Parameters<GatewayScene["ask"]>[0]) {
  return await scene?.ask(request);
}

/** Three gateways, each with a pool of its own, that share one database. */
async function three() {
  const address = postgres?.address() ?? "";
  const scenes = [
    await GatewayScene.open(["a"], { address }),
    await GatewayScene.open(["b"], { address }),
    await GatewayScene.open(["c"], { address }),
  ] as const;
  return { scenes, first: scenes[0] };
}

test.skipIf(!postgres)(
  "a key that is revoked on one gateway opens nothing on the others within a second",
  async () => {
    const { scenes, first } = await three();
    const revokedAfterMs = async (name: string) => {
      const { secret, key } = await first.key(name);
      const ask = () =>
        Promise.all(
          scenes.map(
            async (scene) => (await scene.ask({ path: "/v1/responses", key: secret, body: turn })).status,
          ),
        );
      expect(await ask()).toEqual([200, 200, 200]);
      const revokedMs = performance.now();
      await revokeKey(first.database, key, "test");
      await expect.poll(ask, { interval: 20 }).toEqual([401, 401, 401]);
      return performance.now() - revokedMs;
    };
    expect(await leastMs(1_000, (number) => revokedAfterMs(`ci-${number}`))).toBeLessThan(1_000);
  },
);

test.skipIf(!postgres)("a limit holds for all gateways together", async () => {
  const { scenes, first } = await three();
  const { secret } = await first.key("ci", { limits: ["requests=7/5h"] });
  const asked = Array.from({ length: 30 }, (_, at) =>
    asking(scenes[at % 3], { path: "/v1/responses", key: secret, body: turn }),
  );
  const statuses = (await Promise.all(asked)).map((answer) => answer?.status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(7);
  expect(statuses.filter((status) => status === 429)).toHaveLength(23);
});

test.skipIf(!postgres)("of a thousand guesses over three gateways few are looked at", async () => {
  const { scenes } = await three();
  const statuses: (number | undefined)[] = [];
  const startMs = performance.now();
  for (let at = 0; at < 1_000; at += 10) {
    const guesses = Array.from({ length: 10 }, (_, each) =>
      asking(scenes[(at + each) % 3], { path: "/api/session", body: { key: `sk-ca-${at + each}` } }),
    );
    statuses.push(...(await Promise.all(guesses)).map((answer) => answer?.status));
  }
  expect(new Set(statuses)).toEqual(new Set([401, 429]));
  // Those that come at once may all pass the same look; after a minute as many may be looked at again.
  const minutes = 1 + Math.floor((performance.now() - startMs) / 60_000);
  expect(statuses.filter((status) => status === 401).length).toBeLessThan(40 * minutes);
});

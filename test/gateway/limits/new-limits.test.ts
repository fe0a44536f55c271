import { expect, test } from "vitest";
import { parseLimit } from "../../../src/budget/policy.ts";
import { editKey } from "../../../src/gateway/keys/edit-key.ts";
import { GatewayScene } from "../../support/gateway-scene.ts";

const turn = { model: "gpt-6-sol", input: "hello", stream: true };

async function used(scene: GatewayScene, key: string): Promise<Record<string, number>> {
  const { text } = await scene.ask({ method: "GET", path: "/v1/usage", key });
  const { limits } = JSON.parse(text) as { limits: { name: string; used: number }[] };
  return Object.fromEntries(limits.map((limit) => [limit.name, limit.used]));
}

// A key without limits had used any amount, and its first limit began at nothing.
test("a limit that is new to a key counts what it has used in the running window, and nothing of other models", async () => {
  const scene = await GatewayScene.open(["a"]);
  const { secret, key } = await scene.key("ci");
  for (const model of ["gpt-6-sol", "gpt-6-sol", "gpt-6-luna"])
    await scene.ask({ path: "/v1/responses", key: secret, body: { ...turn, model } });
  const logged = async () =>
    Number((await scene.database.query(`select count(*) as n from requests`))[0]?.["n"]);
  await expect.poll(logged).toBe(3);
  const texts = ["requests=9/day", "tokens=100/week", "requests=5/month@gpt-6-luna", "requests=5/5h"];
  const edited = await editKey(
    scene.database,
    key,
    () => ({ policy: { limits: texts.map(parseLimit) } }),
    "test",
  );
  const before = { "requests/day": 3, "tokens/week": 48, "requests/month@gpt-6-luna": 1, "requests/5h": 0 };
  // It looks for changed keys four times a second.
  await expect.poll(() => used(scene, secret)).toEqual(before);
  await scene.ask({ path: "/v1/responses", key: secret, body: turn });
  const after = { ...before, "requests/day": 4, "tokens/week": 64, "requests/5h": 1 };
  expect(await used(scene, secret)).toEqual(after);
  await editKey(
    scene.database,
    edited,
    () => ({ policy: { limits: [parseLimit("requests=4/day")] } }),
    "test",
  );
  await expect.poll(() => used(scene, secret)).toEqual({ "requests/day": 4 });
  expect((await scene.ask({ path: "/v1/responses", key: secret, body: turn })).status).toBe(429);
});

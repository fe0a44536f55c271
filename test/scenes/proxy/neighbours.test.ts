import { expect, test } from "vitest";
import { ProxyScene } from "../../support/proxy-scene.ts";

const names = ["a", "b", "c", "d", "e", "f", "g", "h"];

// Eight runs of `exec --rotate` that begin together have a proxy each, and none sees what the others choose.
test("eight proxies that know how many began before them take eight accounts", async () => {
  const taken: string[] = [];
  for (let before = 0; before < names.length; before += 1) {
    const scene = await ProxyScene.open(names, { neighbours: () => before });
    const order = await scene.order();
    expect((await scene.post()).status).toBe(200);
    taken.push(String(order.indexOf(scene.fake.asked[0] ?? "")));
  }
  expect(new Set(taken).size).toBe(names.length);
});

test("a conversation stays with its account however many runs begin meanwhile", async () => {
  let before = 0;
  const scene = await ProxyScene.open(names, { neighbours: () => before });
  await scene.post();
  before = 5;
  await scene.post();
  expect(new Set(scene.fake.asked).size).toBe(1);
});

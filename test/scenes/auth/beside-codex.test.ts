import { expect, test } from "vitest";
import type { CodexProcess } from "../../../src/machine/codex-processes.ts";
import { OutageScene } from "../../support/outage-scene.ts";

const codex: CodexProcess = { pid: 1, kind: "exec", startedAt: "2026-01-01T00:00:00.000Z" };

async function liveScene(): Promise<OutageScene> {
  const scene = await OutageScene.open(["a", "b"]);
  expect((await scene.run("switch 1")).code).toBe(0);
  return scene;
}

function liveToken(scene: OutageScene): string {
  return JSON.parse(scene.home.read("auth.json")).tokens.refresh_token;
}

// Found: after ten seconds the token was spent although the Codex that waits for a slow issuer was spending it too.
test("a Codex that is at work is left alone, however long it takes", async () => {
  const scene = await liveScene();
  scene.codex = { processes: () => [codex], isIdle: () => false };
  scene.isHurried = true;
  const before = liveToken(scene);
  const startMs = scene.nowMs;
  expect(await scene.renew("a")).toEqual({ kind: "left", who: "exec 1" });
  expect(scene.nowMs - startMs).toBeGreaterThan(9_000);
  expect(scene.fake.count("refresh")).toBe(0);
  expect(liveToken(scene)).toBe(before);
  expect(await scene.accountOf("a")).toMatchObject({ refresh: null, flag: null });
  const told = await scene.run("token 1");
  expect([told.code, told.stderr]).toEqual([1, expect.stringMatching(/Codex is at work .*\(exec 1\)/)]);
});

// Found: a Codex that started between our look and our request spent the same token.
test("a Codex that starts after the first look gets its file back, and nothing is sent", async () => {
  const scene = await liveScene();
  const before = scene.home.read("auth.json");
  let looks = 0;
  scene.isHurried = true;
  scene.codex = { processes: () => ((looks += 1) <= 2 ? [] : [codex]), isIdle: () => false };
  expect(await scene.renew("a")).toMatchObject({ kind: "left" });
  expect(scene.fake.count("refresh")).toBe(0);
  expect(scene.home.read("auth.json")).toBe(before);
});

test("beside a Codex that only waits the token is renewed, and auth.json lends it meanwhile", async () => {
  const scene = await liveScene();
  scene.codex = { processes: () => [codex], isIdle: () => true };
  const during: string[] = [];
  const serve = scene.fake.routes.refresh;
  scene.fake.routes.refresh = (request) => {
    during.push(liveToken(scene));
    return serve(request);
  };
  expect(await scene.renew("a")).toEqual({ kind: "ready", how: "renewed" });
  expect(during).toEqual([""]);
  expect(liveToken(scene)).toBe(scene.fake.issuer.newestToken("a@example.com"));
});

// Found: the lease of the account that had been live overwrote the login that a switch had just put into auth.json.
test("a switch between the look and the lock is not undone", async () => {
  const scene = await liveScene();
  scene.onRead = async (times) => {
    if (times === 4) expect((await scene.run("switch 2")).code).toBe(0);
  };
  expect(await scene.renew("a")).toMatchObject({ kind: "ready" });
  expect((await scene.store.read()).active?.login.email).toBe("b@example.com");
  expect(await scene.isLost("a")).toBe(false);
});

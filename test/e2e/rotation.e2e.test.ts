import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { errorBody, refuses, fails, streams, created } from "../support/fake-responses.ts";
import { serveSockets } from "../support/web-socket.ts";
import { RotationScene, sessionId } from "./support/rotation-scene.ts";

test("a whole turn goes through the proxy of exec --rotate, and the live login is as it was", async () => {
  const scene = await RotationScene.open();
  expect(await scene.rotate()).toMatchObject({ status: 0, stdout: "hello\n" });
  expect(scene.upstream.asked.length).toBeGreaterThan(0);
  const turn = scene.upstream.received.find(({ path }) => path.endsWith("/responses"));
  expect(turn).toMatchObject({ path: "/backend-api/codex/responses", method: "POST" });
  expect(turn?.headers["content-encoding"]).toBe("zstd");
  scene.expectUntouched();
});

test("an account that is limited is replaced, and Codex notices nothing", async () => {
  const scene = await RotationScene.open();
  const first = await scene.rotate();
  const [used = ""] = scene.upstream.asked;
  const resets_at = Math.floor(Date.now() / 1000) + 3600;
  scene.upstream.always(used, refuses(429, errorBody("usage_limit_reached", { resets_at })));
  const second = await scene.rotate(["resume", sessionId(first), "more"]);
  expect(second).toMatchObject({ status: 0, stdout: "hello\n" });
  expect(second.stderr).not.toMatch(/limit|Reconnecting|error/i);
  expect(sessionId(second)).toBe(sessionId(first));
  const servers = scene.upstream.received.filter(({ method }) => method === "POST").map(({ accountId }) => accountId);
  expect(servers.at(-1)).not.toBe(used);
  scene.expectUntouched();
});

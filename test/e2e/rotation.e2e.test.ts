import { join } from "node:path";
import { expect, test } from "vitest";
import { completed, created, errorBody, itemDone, refuses } from "../support/openai/responses.ts";
import { type Hears, serveSockets } from "../support/web-socket.ts";
import { writeAuthJson } from "./support/home.ts";
import { RotationScene, sessionId } from "./support/rotation-scene.ts";

/** What Codex says to its user when something fails. */
const trouble = /usage limit|Reconnecting|^ERROR:/im;

test("a whole turn goes through the proxy of exec --rotate, and the live login is as it was", async () => {
  const scene = await RotationScene.open();
  expect(await scene.rotate()).toMatchObject({ status: 0, stdout: "hello\n" });
  expect(scene.upstream.asked.length).toBeGreaterThan(0);
  const turn = scene.upstream.received.find(({ path }) => path.endsWith("/responses"));
  expect(turn).toMatchObject({ path: "/backend-api/codex/responses", method: "POST" });
  expect(turn?.headers["content-encoding"]).toBe("zstd");
  scene.expectUntouched();
});

// It knows no openai_base_url, and went past the proxy without a word.
test("a turn of Codex 0.63.0 goes through the proxy too", async () => {
  const scene = await RotationScene.open();
  expect(await scene.rotate(["hi"], { codex: "0.63.0" })).toMatchObject({ status: 0, stdout: "hello\n" });
  expect(scene.upstream.asked).toHaveLength(1);
});

// Codex gave the request, with its access token in the clear, to the proxy of the network.
test("where HTTP_PROXY is set, Codex still asks the rotation proxy itself", async () => {
  const scene = await RotationScene.open();
  const env = { HTTP_PROXY: "http://127.0.0.1:9", NO_PROXY: "intranet.example" };
  expect(await scene.rotate(["hi"], { env })).toMatchObject({ status: 0, stdout: "hello\n" });
  expect(scene.upstream.asked).toHaveLength(1);
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
  expect(second.stderr).not.toMatch(trouble);
  expect(sessionId(second)).toBe(sessionId(first));
  const servers = scene.upstream.received
    .filter(({ method }) => method === "POST")
    .map(({ accountId }) => accountId);
  expect(servers.at(-1)).not.toBe(used);
  scene.expectUntouched();
});

test("when every account is limited, Codex asks once and says when to try again, with our hint", async () => {
  const scene = await RotationScene.open();
  const inThreeHours = Math.floor(Date.now() / 1000) + 3 * 3600;
  scene.limit(inThreeHours);
  const { status, stderr } = await scene.rotate();
  const clock = new Date(inThreeHours * 1000).toLocaleTimeString("en-US", {
    hour: "numeric",
    minute: "2-digit",
    timeZone: "UTC",
  });
  expect(status).toBe(1);
  expect(stderr).toMatch(/You.ve hit your usage limit\. Run: codex auth rotation status/);
  expect(stderr).toContain(clock.replace("\u202f", " "));
  expect(stderr).not.toContain("Reconnecting");
  // One request of Codex, for which each account was asked once.
  expect(scene.upstream.asked.toSorted()).toEqual(["acct-a", "acct-b", "acct-c"]);
  scene.expectUntouched();
});

test("when all accounts need a login, Codex asks once and shows what to type", async () => {
  const scene = await RotationScene.open();
  const closed = refuses(401, errorBody("account_deactivated", {}));
  for (const name of ["a", "b", "c"]) scene.upstream.always(`acct-${name}`, closed);
  const { status, stderr } = await scene.rotate();
  expect(status).toBe(1);
  expect(stderr).toContain("codex auth");
  expect(stderr).not.toContain("Reconnecting");
  expect(scene.fake.count("refresh")).toBe(0);
});

test("a thread from before the proxy goes on through it, and after it without it", async () => {
  const scene = await RotationScene.open();
  const before = await scene.turn();
  const id = sessionId(before);
  const through = await scene.rotate(["resume", id, "more"]);
  expect(through).toMatchObject({ status: 0, stdout: "hello\n" });
  const after = await scene.turn(["resume", id, "again"]);
  expect([sessionId(through), sessionId(after), after.status]).toEqual([id, id, 0]);
});

test("the proxy is killed and started again on its port in the middle of a turn, and the turn completes", async () => {
  const scene = await RotationScene.open();
  const first = await scene.start();
  const { port } = first;
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  scene.upstream.next("acct-a", () => held);
  const turn = scene.turn(["hi"], port);
  await scene.upstream.arrival(1);
  await first.end("SIGKILL");
  expect((await scene.run(["rotation", "status"])).stdout).toContain("was killed");
  await scene.start(["--port", String(port)]);
  release();
  expect(await turn).toMatchObject({ status: 0, stdout: "hello\n" });
  scene.expectUntouched();
});

test("a Codex whose login the proxy does not know is told so once, and renews nothing", async () => {
  const scene = await RotationScene.open();
  const { port } = await scene.start();
  await scene.done(["uninstall", "--dry-run"]);
  writeAuthJson(
    join(scene.home, "auth.json"),
    scene.fake.issuer.issue({ email: "z@example.com", accountId: "acct-z", userId: "user-z" }),
  );
  const { status, stderr } = await scene.turn(["hi"], port);
  expect([status, scene.fake.count("refresh"), scene.upstream.asked]).toEqual([1, 0, []]);
  expect(stderr).toContain("codex auth import");
});

test("over WebSockets too a limited account is replaced, and no turn falls back to HTTP", async () => {
  const scene = await RotationScene.open();
  const resets_at = Math.floor(Date.now() / 1000) + 3600;
  const limited = { type: "error", status: 429, ...errorBody("usage_limit_reached", { resets_at }) };
  const says =
    (...events: readonly object[]): Hears =>
    (message, talk) => {
      if (message.type === "response.create") for (const event of events) talk.send(event);
    };
  const answers = says(created(), itemDone(), completed());
  const parts = new Map<string, Hears>([
    ["acct-a", says(limited)],
    ["acct-b", answers],
    ["acct-c", answers],
  ]);
  const handshakes = serveSockets(scene.upstream, parts);
  const run = await scene.rotate(["hi"], { options: ["--websocket"] });
  expect(run).toMatchObject({ status: 0, stdout: "hello\n" });
  expect(run.stderr).not.toMatch(trouble);
  expect(handshakes.length).toBeGreaterThan(0);
  expect(scene.upstream.asked).toEqual([]);
  scene.expectUntouched();
});

import { expect, test } from "vitest";
import { finalCodes } from "../../src/errors/failure-rules.ts";
import { created, errorBody, fails, refuses, sse, streams } from "../support/openai/responses.ts";
import { modern } from "./install.mjs";
import { AppServer } from "./support/app-server.ts";
import { startFake, temporaryHome } from "./support/home.ts";
import { RotationScene } from "./support/rotation-scene.ts";

const login = { email: "a@example.com", accountId: "acct-1" };
const codes = Object.entries(finalCodes);

/** Made up anew, so that no Codex can know it. */
const madeUp = `glorp_${Math.random().toString(36).slice(2, 10)}`;

// The table is what the program does, and the program changes.
test.each(modern)(
  "Codex %s ends a turn after one request for every code of the table, and for no other",
  async (codex) => {
    const fake = await startFake();
    const home = temporaryHome(fake.issuer.issue(login));
    const server = await AppServer.start(codex, fake, home);
    const turns = async (code: string) => {
      fake.routes.turn = () => ({
        status: 200,
        body: sse(created(), fails(code)),
        headers: { "content-type": "text/event-stream" },
      });
      fake.forgetRequests();
      await server.turn("hi");
      return fake.count("turn");
    };
    for (const [code] of codes) expect([code, await turns(code)]).toEqual([code, 1]);
    expect(await turns(madeUp)).toBeGreaterThan(1);
    await server.close();
  },
  120_000,
);

// 59 requests on all accounts in a minute, and the refusal was never shown.
test.each(modern)(
  "Codex %s shows a refusal of content through the proxy as it does without it",
  async (codex) => {
    const scene = await RotationScene.open();
    const refusal = streams(created(), fails("bio_policy"));
    for (const name of ["a", "b", "c"]) scene.upstream.always(`acct-${name}`, refusal);
    const { status, stderr } = await scene.rotate(["hi"], { codex });
    expect([status, scene.upstream.asked.length]).toEqual([1, 1]);
    expect(stderr).toContain("upstream says bio_policy");
    expect(stderr).not.toContain("Reconnecting");
    scene.expectUntouched();
  },
);

// The second turn saw 503 "auth-failure" thirty times, and people signed in again in vain.
test("a model that no account may use is named in the second turn as in the first", async () => {
  const scene = await RotationScene.open();
  for (const name of ["a", "b", "c"])
    scene.upstream.always(`acct-${name}`, refuses(403, errorBody("model_not_allowed")));
  const { port } = await scene.start();
  for (let round = 0; round < 2; round += 1) {
    const { status, stderr } = await scene.turn(["hi"], port);
    expect(status).toBe(1);
    expect(stderr).toContain("upstream says model_not_allowed");
    expect(stderr).not.toContain("Reconnecting");
  }
  expect(scene.upstream.asked).toHaveLength(3);
  scene.expectUntouched();
});

import { describe, expect, test } from "vitest";
import { revokeKey } from "../../../src/gateway/keys/client-keys.ts";
import { newSecret } from "../../../src/gateway/keys/key-secret.ts";
import { errorOf, GatewayScene } from "../../support/gateway-scene.ts";
import { leastMs } from "../../support/least-time.ts";
import { postgresPrograms, startPostgres } from "../../support/postgres.ts";

const turn = { model: "gpt-6-sol", input: "hello", stream: true };

describe.skipIf(postgresPrograms() === null)("a database server that dies and comes back", () => {
  test("limited keys and management are told 503 at once, other keys go on, and nothing is counted twice or lost", async () => {
    const postgres = await startPostgres();
    const scene = await GatewayScene.open(["a"], { address: postgres.freshDatabase() });
    const limited = await scene.key("limited", { limits: ["requests=100/5h"] });
    const [free, admin] = [await scene.key("free"), await scene.key("boss", { role: "admin" })];
    const ask = (key: string) => scene.ask({ path: "/v1/responses", key, body: turn });
    const list = () => scene.ask({ method: "GET", path: "/api/keys", key: admin.secret });
    const used = async () => {
      const { text } = await scene.ask({ method: "GET", path: "/v1/usage", key: limited.secret });
      return (JSON.parse(text) as { limits: { used: number }[] }).limits[0]?.used;
    };
    for (const { secret } of [limited, free]) expect((await ask(secret)).status).toBe(200);
    expect((await list()).status).toBe(200);
    // A key that nobody has used yet was refused while the database was away. It is read with the end of another.
    const unused = await scene.key("unused");
    const gone = await scene.key("gone");
    expect((await ask(gone.secret)).status).toBe(200);
    await revokeKey(scene.database, gone.key, "cli");
    await expect.poll(async () => (await ask(gone.secret)).status).toBe(401);

    // What was counted a moment ago may be lost with the machine; what a durable change has followed may not.
    await scene.database.change(`insert into homes values ('c', 'a', 1)`, [], { isDurable: true });
    await postgres.crash();
    // Ready all the same: a balancer that knew of no gateway any more would refuse keys without limits, too.
    const ready = async () => {
      const { status, body } = await scene.ask({ method: "GET", path: "/health/ready" });
      return [status, JSON.parse(String(body))];
    };
    await expect.poll(ready).toEqual([200, { status: "database away" }]);
    const usage = (path: string, { secret: key }: { secret: string }) =>
      scene.ask({ method: "GET", path, key });
    const refusals: Awaited<ReturnType<typeof ask>>[] = [];
    const refuse = async () => {
      const from = performance.now();
      refusals.push(
        await ask(limited.secret),
        await list(),
        await usage("/v1/usage", free),
        await usage("/v1/usage", limited),
        await usage("/api/codex/usage", limited),
      );
      return performance.now() - from;
    };
    expect(await leastMs(3_000, refuse)).toBeLessThan(3_000);
    for (const answer of refusals) {
      expect([answer.status, errorOf(answer)]).toMatchObject([
        503,
        { type: "server_error", code: "server_error", message: expect.stringMatching(/database/) as string },
      ]);
    }
    for (const { secret } of [free, unused]) expect((await ask(secret)).status).toBe(200);
    // Their use was lost with the process.
    const kept = () => scene.journal.read().match(/"logged"/g)?.length ?? 0;
    await expect.poll(kept).toBeGreaterThanOrEqual(2);
    const stranger = await ask(newSecret());
    expect([stranger.status, errorOf(stranger)]).toMatchObject([503, { code: "server_error" }]);
    expect((await scene.ask({ method: "GET", path: "/health/live" })).status).toBe(200);

    await postgres.start();
    await expect.poll(async () => (await ask(limited.secret)).status).toBe(200);
    await expect.poll(used).toBe(2);
    await expect.poll(kept).toBe(0);
    const [{ lines } = { lines: 0 }] = await scene.database.query(
      "select count(*) as lines from requests where key_id = $1",
      [unused.key.id],
    );
    expect(Number(lines)).toBe(1);
    await scene.gateway.close();
    await scene.database.close();
    postgres.stop();
  });
});

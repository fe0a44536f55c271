import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readDocument } from "../../../src/database/database.ts";
import { fingerprint } from "../../../src/pool/account.ts";
import { SharedScene } from "../../support/shared-scene.ts";

test("accounts are in the database sealed: no token, no e-mail can be read there", async () => {
  const scene = await SharedScene.open();
  const one = await scene.machine(["a"]);
  const { id } = await one.adopt("a");
  const { body = "" } = (await readDocument(one.database, "account", id)) ?? {};
  expect(body.length).toBeGreaterThan(100);
  const bytes =
    fs.readFileSync(scene.address).toString("latin1") +
    fs.readFileSync(`${scene.address}-wal`).toString("latin1");
  expect(bytes).not.toMatch(/a@example\.com|rt_acct-a/);
  expect(Buffer.from(body, "base64").toString("latin1")).not.toMatch(/a@example\.com|rt_acct-a|tokens/);
  expect(bytes).toContain(body.slice(0, 40));
});

test("a row that stands in another's place does not open, and the others serve on", async () => {
  const scene = await SharedScene.open();
  const one = await scene.machine(["a", "b"]);
  const [a, b] = [await one.adopt("a"), await one.adopt("b")];
  const { body } = (await readDocument(one.database, "account", a.id)) ?? { body: "" };
  await one.database.change(`update documents set body = $1 where kind = 'account' and id = $2`, [
    body,
    b.id,
  ]);
  const { pool, damaged } = await one.pool.read();
  expect([pool.accounts.map(({ id }) => id), damaged]).toEqual([[a.id], [b.id]]);
});

test("three machines that renew at once spend each token once", async () => {
  const scene = await SharedScene.open();
  scene.fake.issuer.accessTokenSec = 60;
  const one = await scene.machine(["a", "b"]);
  await one.adopt("a");
  await one.adopt("b");
  const machines = [one, await scene.machine(), await scene.machine()];
  const outcomes = await Promise.all(machines.flatMap((each) => [each.renew("a"), each.renew("b")]));
  expect(outcomes.map(({ kind }) => kind)).toEqual(Array.from({ length: 6 }, () => "ready"));
  expect(scene.fake.issuer.reuses).toBe(0);
  for (const name of ["a", "b"]) expect(await scene.isLost(name, one.pool)).toBe(false);
});

test("new tokens that the database could not take are written by the next transaction of this machine", async () => {
  const scene = await SharedScene.open();
  const one = await scene.machine(["a"]);
  const { id } = await one.adopt("a");
  const lease = await one.pool.refreshLock("x");
  await one.pool.transaction("refresh", () => undefined);
  const { login } = await one.account("a");
  const answer = scene.fake.issuer.refresh(login.refreshToken);
  if (answer.kind !== "renewed") throw new Error("not renewed");
  const document = {
    ...login.document,
    tokens: { ...(login.document["tokens"] as object), ...answer.tokens },
  };
  expect(one.pool.keepTokens({ accountId: id, spent: fingerprint(login.refreshToken), document })).toBeNull();
  await lease.release();
  expect(await scene.isLost("a", one.pool)).toBe(true);
  // Killed here. No token is readable on the disk.
  const folder = join(one.home.paths.storeDir, "fleet");
  const texts = fs.readdirSync(folder).map((name) => fs.readFileSync(join(folder, name), "latin1"));
  expect(texts.join("")).not.toContain("rt_acct-a");
  const next = await one.again();
  await next.pool.transaction("start", () => undefined);
  expect(await scene.isLost("a", next.pool)).toBe(false);
  expect((await next.account("a")).spent).toEqual([fingerprint(login.refreshToken)]);
});

test.each([
  ["", 0],
  [", also where a clock is behind the database's", 3_000],
])(
  "what another machine began to renew rests for an hour, and is good again when that machine writes what it has%s",
  async (_, behindMs) => {
    const scene = await SharedScene.open();
    const one = await scene.machine(["a"]);
    const { id, login } = await one.adopt("a");
    const two = await scene.machine();
    two.now = () => Date.now() - behindMs;
    // Machine one sends the token, keeps the answer, and is killed.
    const user = "user";
    const { userKeyOf } = await import("../../../src/pool/account.ts");
    const gone = { pid: 1, start: "1", boot: "x", machine: "other", pidNamespace: "x", host: user };
    await one.pool.refreshLock(userKeyOf(await one.account("a")));
    await one.pool.transaction("refresh", ({ pool }) => {
      const account = pool.accounts.find((each) => each.id === id);
      if (account)
        account.refresh = {
          kind: "intent",
          fingerprint: fingerprint(login.refreshToken),
          startedAt: new Date().toISOString(),
          attempts: 0,
          before: null,
          process: gone,
        };
    });
    const answer = scene.fake.issuer.refresh(login.refreshToken);
    if (answer.kind !== "renewed") throw new Error("not renewed");
    const document = {
      ...login.document,
      tokens: { ...(login.document["tokens"] as object), ...answer.tokens },
    };
    one.pool.keepTokens({ accountId: id, spent: fingerprint(login.refreshToken), document });
    await one.database.change(
      `update documents set body = replace(body, '"untilMs":', '"untilMs":0,"was":') where kind = 'lease'`,
    );
    const outcome = await two.renew("a");
    expect(outcome).toMatchObject({
      kind: "uncertain",
      why: expect.stringMatching(/another gateway/) as string,
    });
    if (!("nextAt" in outcome)) throw new Error("no time");
    expect(Date.parse(outcome.nextAt) - Date.now()).toBeGreaterThan(3_500_000);
    expect(scene.fake.issuer.reuses).toBe(0);
    const back = await one.again();
    await back.pool.transaction("start", () => undefined);
    expect(await scene.isLost("a", two.pool)).toBe(false);
    expect(await two.renew("a")).toMatchObject({ kind: "ready" });
    expect(scene.fake.issuer.reuses).toBe(0);
  },
);

test("a database that was set back sends no token twice: who renewed last writes what it has, the others wait", async () => {
  const scene = await SharedScene.open();
  scene.fake.issuer.accessTokenSec = 60;
  const one = await scene.machine(["a"]);
  const { id } = await one.adopt("a");
  const two = await scene.machine();
  await two.pool.read();
  const old = (await readDocument(one.database, "account", id))?.body ?? "";
  expect(await one.renew("a")).toMatchObject({ kind: "ready", how: "renewed" });
  expect(await two.renew("a", { kind: "expiring", leftMs: 1 })).toMatchObject({
    kind: "ready",
    how: "renewed",
  });
  await one.pool.read();
  const restore = () =>
    one.database.change(
      `update documents set body = $1, version = version + 1 where kind = 'account' and id = $2`,
      [old, id],
    );
  await restore();
  const first = await one.again();
  expect(await first.renew("a")).toMatchObject({ kind: "flagged", flag: { reason: "spent" } });
  expect(scene.fake.issuer.reuses).toBe(0);
  await restore();
  const second = await two.again();
  await second.pool.transaction("start", () => undefined);
  expect(await scene.isLost("a", second.pool)).toBe(false);
  expect(await first.renew("a")).toMatchObject({ kind: "ready" });
  expect(scene.fake.issuer.reuses).toBe(0);
});

test("a database that was set back to before an account left it renews it nowhere", async () => {
  const scene = await SharedScene.open();
  const one = await scene.machine(["a"]);
  const { id } = await one.adopt("a");
  const two = await scene.machine();
  await two.pool.read();
  const old = (await readDocument(one.database, "account", id))?.body ?? "";
  await one.release("a");
  await two.pool.read();
  await one.database.change(
    `insert into documents (kind, id, version, body, changed_ms) values ('account', $1, 1, $2, 1)`,
    [id, old],
  );
  expect(await two.renew("a")).toMatchObject({ kind: "flagged", flag: { reason: "spent" } });
  expect(scene.fake.issuer.refreshes).toBe(0);
});

test("what is known of quotas is shared", async () => {
  const scene = await SharedScene.open();
  const [one, two] = [await scene.machine(), await scene.machine()];
  const told: string[] = [];
  const end = two.pool.watch({ pollMs: 20, onChange: (change) => void told.push(change) });
  const note = (id: string) =>
    one.pool.updateUsage((usage) => void usage.set(id, { limits: [], availability: null }));
  // What was there before it looked for the first time is no change.
  await expect.poll(() => note("w").then(() => told.length)).toBeGreaterThan(0);
  await Promise.all(["x", "y", "z"].map(note));
  await expect.poll(() => [...two.pool.usage().keys()].sort().join()).toBe("w,x,y,z");
  end();
  expect(new Set(told)).toEqual(new Set(["usage"]));
});

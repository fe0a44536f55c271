import { expect, test } from "vitest";
import { lentDocument } from "../../../src/codex/login-documents.ts";
import { beginMove, movingOf } from "../../../src/pool/moving.ts";
import { restoreBackup } from "../../../src/store/backups/restore.ts";
import { SharedScene } from "../../support/shared-scene.ts";

test("a login moves into the database, is renewed there, and comes back", async () => {
  const scene = await SharedScene.open();
  const one = await scene.machine(["a", "b"]);
  await one.adopt("a");
  expect([await one.places("a"), await one.places("b")]).toEqual([["database"], ["pool"]]);
  expect(await one.renew("a")).toMatchObject({ kind: "ready", how: "renewed" });
  await one.release("a");
  expect(await one.places("a")).toEqual(["pool"]);
  expect(await scene.isLost("a", one.store)).toBe(false);
  const { pool } = await one.store.read();
  expect(pool.accounts.map(({ flag, extra }) => [flag, extra])).toEqual([
    [null, {}],
    [null, {}],
  ]);
  await one.adopt("a");
  expect(await one.places("a")).toEqual(["database"]);
  expect((await one.account("a")).spent).toHaveLength(1);
});

test("a login that was not renewed meanwhile goes there and back as often as wanted", async () => {
  const scene = await SharedScene.open();
  const one = await scene.machine(["a"]);
  const two = await scene.machine();
  for (let round = 0; round < 3; round += 1) {
    await one.adopt("a");
    await two.pool.read();
    await two.release("a");
    expect([await one.places("a"), await two.places("a")]).toEqual([[], ["pool"]]);
    await two.adopt("a");
    await one.release("a");
    expect([await one.places("a"), await two.places("a")]).toEqual([["pool"], []]);
  }
  await one.adopt("a");
  expect(await two.renew("a")).toMatchObject({ kind: "ready", how: "renewed" });
  expect(scene.fake.issuer.reuses).toBe(0);
});

test("what an old backup of the pool brings back after a move is never sent", async () => {
  const scene = await SharedScene.open();
  const one = await scene.machine(["a"]);
  await one.store.transaction("back up", (transaction) => {
    transaction.backUp();
    transaction.pool.extra["touched"] = 1;
  });
  await one.adopt("a");
  const [backup] = one.store.backups();
  if (!backup) throw new Error("no backup");
  await restoreBackup(one.store, backup, Date.now());
  const { pool } = await one.store.read();
  expect(pool.accounts.map(({ flag }) => flag?.reason)).toEqual(["spent"]);
});

test("a copy of the pool on a second machine is not a second login", async () => {
  const scene = await SharedScene.open();
  const one = await scene.machine(["a"]);
  const two = await scene.machine();
  const { pool } = await one.store.read();
  await two.store.transaction("copy", (transaction) => void transaction.pool.accounts.push(...pool.accounts));
  await one.adopt("a");
  expect(await one.renew("a")).toMatchObject({ kind: "ready" });
  await two.adopt("a");
  expect([await one.places("a"), await two.places("a")]).toEqual([["database"], ["database"]]);
  expect(await scene.isLost("a", one.pool)).toBe(false);
});

test("two machines that adopt logins of one account at once: one is in the database, the other stays where it is", async () => {
  const scene = await SharedScene.open();
  const [one, two] = [await scene.machine(["a"]), await scene.machine(["a"])];
  await two.store.transaction("sign in", ({ pool }) => {
    const [account] = pool.accounts;
    if (account)
      account.auth = {
        ...account.auth,
        tokens: { ...(account.auth["tokens"] as object), refresh_token: "rt_2" },
      };
  });
  const outcomes = await Promise.allSettled([one.adopt("a"), two.adopt("a")]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  const failed = outcomes.find((each) => each.status === "rejected");
  expect(failed?.reason).toMatchObject({
    code: "move_refused",
    message: expect.stringMatching(/another login/) as string,
  });
  const loser = outcomes[0]?.status === "rejected" ? one : two;
  const { pool } = await loser.store.read();
  expect([pool.accounts.length, pool.accounts[0]?.flag, movingOf(pool)]).toEqual([1, null, []]);
});

test("what may be in use elsewhere is refused, and nothing is moved", async () => {
  const scene = await SharedScene.open();
  const one = await scene.machine(["a", "b"]);
  await one.store.transaction("switch", (transaction) => {
    const [account] = transaction.pool.accounts;
    if (account) transaction.activate(account);
  });
  await expect(one.adopt("a")).rejects.toMatchObject({
    code: "account_active",
    hint: expect.stringMatching(/switch/) as string,
  });
  await one.store.transaction("switch", (transaction) => {
    const account = transaction.pool.accounts[1];
    if (account) transaction.activate(account);
  });
  const whoRuns = () => "a running Codex (session 7)";
  await expect(one.adopt("a", { whoRuns })).rejects.toMatchObject({
    code: "move_refused",
    message: expect.stringMatching(/session 7/) as string,
  });
  await one.store.transaction("mark", ({ pool }) => {
    const [account] = pool.accounts;
    if (account) account.flag = { reason: "expired", since: new Date().toISOString(), evidence: null };
  });
  await expect(one.adopt("a")).rejects.toMatchObject({ code: "move_refused" });
  expect(await one.places("a")).toEqual(["pool"]);
});

test("a login whose renewal is open stays in the database", async () => {
  const scene = await SharedScene.open();
  const one = await scene.machine(["a"]);
  await one.adopt("a");
  scene.fake.routes.refresh = () => ({ status: 502, body: "" });
  expect(await one.renew("a")).toMatchObject({ kind: "uncertain" });
  await expect(one.release("a")).rejects.toMatchObject({
    code: "move_refused",
    message: expect.stringMatching(/nobody knows/) as string,
  });
  expect(await one.places("a")).toEqual(["database"]);
});

test("a move that was interrupted is ended by adopt of the same account, which says so", async () => {
  const scene = await SharedScene.open();
  const one = await scene.machine(["a", "b"]);
  const { storeId } = one.vault;
  await one.store.transaction("adopt", ({ pool }) => {
    const [account] = pool.accounts;
    if (account) beginMove(pool, account, { storeId, place: "db.example/codex" });
  });
  expect([await one.places("a"), movingOf((await one.store.read()).pool).length]).toEqual([[], 1]);
  const ended = await one.adopt("a");
  expect(ended.login.email).toBe("a@example.com");
  expect([await one.places("a"), await one.places("b")]).toEqual([["database"], ["pool"]]);
});

test("an account that a command of exec runs with is refused until that command has ended", async () => {
  const scene = await SharedScene.open();
  const one = await scene.machine(["a", "b"], { expiresInSec: 3600 });
  const { pool } = await one.store.read();
  const [account] = pool.accounts;
  if (!account) throw new Error("no account");
  const home = await one.store.openPrivateHome(account.id, lentDocument(account.login));
  await expect(one.adopt("a")).rejects.toMatchObject({
    code: "move_refused",
    message: `a@example.com is in use by a command that codex auth exec started (process ${process.pid}).`,
    hint: expect.stringMatching(/^Wait until that command ends.*Nothing was moved\.$/) as string,
  });
  await one.adopt("b");
  expect([await one.places("a"), await one.places("b")]).toEqual([["pool"], ["database"]]);
  await home.close();
  await one.adopt("a");
  expect(await one.places("a")).toEqual(["database"]);
});

// What stands between two senders of one token: each step at which a kill, or a stall longer than the lease, could make
// a second one, or lose the answer.
import { expect, test } from "vitest";
import { readDocument } from "../../../src/database/database.ts";
import { currentProcess } from "../../../src/machine/processes.ts";
import { fingerprint, userKeyOf } from "../../../src/pool/account.ts";
import { type Machine, SharedScene } from "../../support/shared-scene.ts";

const otherContainer = () => ({ ...currentProcess(), host: "replaced", pidNamespace: "pid:[1]", pid: 7 });
const endedProcess = () => ({ ...currentProcess(), pid: 4_194_303, start: "1" });

/** A renewal by this process has written that it will send the token, and says nothing more. */
async function begin(machine: Machine, name: string, self: typeof currentProcess) {
  const process = await machine.again(machine.database, self);
  const account = await process.account(name);
  const token = fingerprint(account.login.refreshToken);
  await process.pool.refreshLock(userKeyOf(account));
  await process.pool.transaction("refresh", ({ pool }) => {
    for (const each of pool.accounts)
      if (each.id === account.id)
        each.refresh = {
          kind: "intent",
          fingerprint: token,
          startedAt: new Date(machine.database.now()).toISOString(),
          attempts: 0,
          before: null,
          process: self(),
        };
  });
  return { account, process, spent: token };
}

function renewedDocument(scene: SharedScene, { login }: Awaited<ReturnType<Machine["account"]>>) {
  const answer = scene.fake.issuer.refresh(login.refreshToken);
  if (answer.kind !== "renewed") throw new Error("not renewed");
  const old = login.document["tokens"] as object;
  return { ...login.document, tokens: { ...old, ...answer.tokens } };
}

function endLease({ database }: Machine) {
  return database.change(
    `update documents set body = replace(body, '"untilMs":', '"untilMs":0,"was":') where kind = 'lease'`,
  );
}

// The gateway whose renewal was killed had the tokens on its disk and wrote them with its next renewal only; after the
// rest of an hour another one would have sent the old token and ended the login.
test("tokens that a killed renewal has left are written while its gateway does nothing", async () => {
  const scene = await SharedScene.open();
  const one = await scene.machine(["a"]);
  await one.adopt("a");
  const end = one.pool.watch({ pollMs: 20, onChange: () => undefined });
  await one.database.query("select 1");
  const { account, process, spent } = await begin(one, "a", endedProcess);
  const document = renewedDocument(scene, account);
  process.pool.keepTokens({ accountId: account.id, spent, document });
  await expect.poll(() => scene.isLost("a", one.pool)).toBe(false);
  expect((await one.account("a")).refresh).toBeNull();
  end();
});

// A container that is replaced keeps its folder, and the new one cannot see whether the old process still runs.
test("a token that another container on the same folder began to send rests when its lease has ended", async () => {
  const scene = await SharedScene.open();
  const one = await scene.machine(["a"]);
  await one.adopt("a");
  await begin(one, "a", otherContainer);
  await endLease(one);
  expect(await one.renew("a")).toMatchObject({ kind: "uncertain" });
  expect(scene.fake.issuer.refreshes).toBe(0);
});

test("what a process of this machine began that has certainly ended is sent again at once", async () => {
  const scene = await SharedScene.open();
  const one = await scene.machine(["a"]);
  await one.adopt("a");
  await begin(one, "a", endedProcess);
  expect(await one.renew("a")).toMatchObject({ kind: "ready", how: "renewed" });
  expect([scene.fake.issuer.refreshes, scene.fake.issuer.reuses]).toEqual([1, 0]);
});

// The connection was tried again however long it had waited, also when the lease and the rest of an hour were over.
test("a connection that failed after the lease grew old is not tried again, and nothing was sent", async () => {
  const scene = await SharedScene.open();
  const one = await scene.machine(["a"]);
  await one.adopt("a");
  let tries = 0;
  const fails = () => {
    tries += 1;
    one.isCancelled = () => true;
    return Promise.reject(Object.assign(new Error("connect"), { code: "ECONNREFUSED", syscall: "connect" }));
  };
  expect(await one.renew("a", { kind: "expiring" }, fails)).toMatchObject({ kind: "unreachable" });
  expect(tries).toBe(1);
  expect((await one.account("a")).refresh).toBeNull();
});

test("who could not send in time leaves what the next one has written that it sends", async () => {
  const scene = await SharedScene.open();
  const one = await scene.machine(["a"]);
  await one.adopt("a");
  const two = await scene.machine();
  const fails = async () => {
    await endLease(one);
    await begin(two, "a", otherContainer);
    throw Object.assign(new Error("connect"), { code: "ECONNREFUSED", syscall: "connect" });
  };
  expect(await one.renew("a", { kind: "expiring" }, fails)).toMatchObject({ kind: "unreachable" });
  const { refresh } = await two.account("a");
  expect(refresh).toMatchObject({ kind: "intent", process: { host: "replaced" } });
});

test("an answer that comes after the lease has ended is saved, and the doubt of the others is over", async () => {
  const scene = await SharedScene.open();
  const one = await scene.machine(["a"]);
  await one.adopt("a");
  const two = await scene.machine();
  const slow: typeof fetch = async (...words) => {
    const answer = await fetch(...words);
    await endLease(one);
    expect(await two.renew("a")).toMatchObject({ kind: "uncertain" });
    return answer;
  };
  expect(await one.renew("a", { kind: "expiring" }, slow)).toMatchObject({ kind: "ready", how: "renewed" });
  expect(await scene.isLost("a", two.pool)).toBe(false);
  expect(await two.renew("a")).toMatchObject({ kind: "ready", how: "fresh" });
  expect([scene.fake.issuer.refreshes, scene.fake.issuer.reuses]).toEqual([1, 0]);
});

test("a lease that somebody else has taken over lets nobody begin", async () => {
  const scene = await SharedScene.open();
  const one = await scene.machine(["a"]);
  const { id } = await one.adopt("a");
  const two = await scene.machine();
  await one.pool.refreshLock(userKeyOf(await one.account("a")));
  await endLease(one);
  const taken = await two.pool.refreshLock(userKeyOf(await two.account("a")));
  const begun = one.pool.transaction("refresh", ({ pool }) => {
    for (const each of pool.accounts)
      each.refresh = {
        kind: "intent",
        fingerprint: "x",
        startedAt: "",
        attempts: 0,
        before: null,
        process: currentProcess(),
      };
  });
  await expect(begun).rejects.toMatchObject({ code: "store_locked" });
  expect((await readDocument(one.database, "account", id))?.version).toBe(1);
  await taken.release();
});

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { errorBody, refuses } from "../../support/openai/responses.ts";
import { ProxyScene, send, testKey } from "../../support/proxy-scene.ts";
import { homeWith, poolOf, runProcess, seat, storeOf } from "../../support/store-home.ts";

const inAnHour = { resets_at: Math.floor(Date.now() / 1000) + 3600 };
const limited = refuses(429, errorBody("usage_limit_reached", inAnHour));
const turn = (name: string) => ({ headers: { "thread-id": name, "session-id": name } });

test("what codex auth commands change is honoured by the next request, and the proxy writes no account away", async () => {
  const scene = await ProxyScene.open(["a", "b"], { limits: { writeEveryMs: 10 } });
  const codexAuth = async (...args: string[]) => {
    const { code, stderr } = await runProcess(scene.home, args);
    expect({ args, code, stderr: code === 0 ? "" : stderr }).toEqual({ args, code: 0, stderr: "" });
  };
  let count = 0;
  const asks = async () => {
    expect((await scene.post(turn(`t${(count += 1)}`))).status).toBe(200);
    return scene.fake.asked.at(-1);
  };
  const [first = "", second = ""] = (await scene.order()).map((each) => each.replace("acct-", "label-"));
  const acct = (label: string) => label.replace("label-", "acct-");

  expect(await asks()).toBe(acct(first));
  await codexAuth("pause", first);
  expect(await asks()).toBe(acct(second));
  await codexAuth("resume", first);
  await codexAuth("pause", second);
  expect(await asks()).toBe(acct(first));
  // A switch moves the active account of the user; the proxy goes on by its ranking.
  await codexAuth("switch", second);
  expect(await asks()).toBe(acct(first));
  fs.writeFileSync(join(scene.home.root, "c.json"), JSON.stringify(seat("c")));
  await codexAuth("import", join(scene.home.root, "c.json"));
  await codexAuth("pause", first);
  expect(await asks()).toBe("acct-c");
  await codexAuth("remove", first);
  await codexAuth("resume", second);
  scene.fake.next("acct-c", limited);
  expect(await asks()).toBe(acct(second));

  const before = poolOf(scene.home);
  await scene.proxy.close();
  expect(poolOf(scene.home)).toEqual(before);
  expect(before.accounts.map(({ login }) => login.email).toSorted()).toEqual(
    [`${second.replace("label-", "")}@example.com`, "c@example.com"].toSorted(),
  );
});

test("two proxies of one store share what they learn and disturb each other in nothing", async () => {
  const scene = await ProxyScene.open(["a", "b"], { limits: { writeEveryMs: 10 } });
  const other = await ProxyScene.open(["a", "b"], {
    store: storeOf(scene.home),
    backend: scene.fake.backend,
    limits: { writeEveryMs: 10 },
  });
  const [first = "", second = ""] = await scene.order();
  const before = fs.readFileSync(scene.home.paths.poolFile, "utf8");
  scene.fake.next(first, limited);
  expect((await scene.post(turn("1"))).status).toBe(200);
  await expect
    .poll(() =>
      other.proxy
        .status()
        .accounts.map(({ state }) => state)
        .toSorted(),
    )
    .toEqual(["limited", "ready"]);
  expect((await other.post(turn("2"))).status).toBe(200);
  expect(scene.fake.asked).toEqual([first, second, second]);
  await Promise.all([scene.proxy.close(), other.proxy.close()]);
  expect(fs.readFileSync(scene.home.paths.poolFile, "utf8")).toBe(before);
});

test("a store that cannot be written stops no request, and the status says so until it can", async () => {
  let isFull = true;
  const full = () => {
    if (isFull) throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  };
  const disk = new Proxy(fs, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name);
      if (typeof found !== "function" || !/^(write|open|mkdir|rename)/.test(String(name))) return found;
      return (...args: unknown[]) => {
        const flags = args[1];
        const isRead = flags === "r" || (typeof flags === "number" && (flags & 3) === 0);
        const isReading = name === "openSync" && isRead;
        if (!isReading) full();
        return Reflect.apply(found, target, args) as unknown;
      };
    },
  });
  const home = await homeWith(["a", "b"]);
  const scene = await ProxyScene.open(["a", "b"], {
    store: storeOf(home, { fs: disk }),
    limits: { writeEveryMs: 10 },
  });
  scene.fake.next((await scene.order())[0] ?? "", limited);
  expect((await scene.post(turn("1"))).status).toBe(200);
  await expect.poll(() => scene.proxy.status().problem).toContain("full");
  expect((await scene.post(turn("2"))).status).toBe(200);
  isFull = false;
  await expect.poll(() => scene.proxy.status().problem).toBe(null);
  await expect
    .poll(() => [...storeOf(home).usage().values()].map(({ availability }) => availability?.block?.kind))
    .toContain("exhausted");
});

test("a proxy that is killed in the middle of everything loses no account and no token", async () => {
  const scene = await ProxyScene.open(["a", "b", "c"]);
  const before = poolOf(scene.home);
  const [first = ""] = await scene.order();
  for (let round = 0; round < 3; round += 1) {
    const child = startProxy(scene);
    const [{ url }] = (await once(child, "message")) as [{ url: string }];
    const ask = () =>
      send({
        url: new URL(`${url}/responses`),
        method: "POST",
        headers: turn(`t${round}`).headers,
        body: "{}",
      });
    scene.fake.next(first, limited);
    await ask().answer;
    const waiting = Array.from({ length: 20 }, () => ask().answer.catch(() => null));
    child.kill("SIGKILL");
    await once(child, "exit");
    await Promise.all(waiting);
    expect(poolOf(scene.home)).toEqual(before);
  }
  expect((await scene.post()).status).toBe(200);
});

/** A proxy in a process of its own, from the built library, that writes as often as it can. */
function startProxy({ home, fake }: ProxyScene): ChildProcess {
  const script = join(home.root, "proxy.mjs");
  const library = new URL("../../../dist/lib/index.js", import.meta.url).href;
  const options = { key: testKey, backend: fake.backend, limits: { writeEveryMs: 1 } };
  fs.writeFileSync(
    script,
    `import { openStore, startRotationProxy } from ${JSON.stringify(library)};
     const store = openStore({ env: process.env });
     const renew = () => Promise.reject(new Error("unexpected renewal"));
     const proxy = await startRotationProxy({ ...${JSON.stringify(options)}, store, renew });
     process.send({ url: proxy.url });`,
  );
  const child = fork(script, { env: home.env, execArgv: [] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

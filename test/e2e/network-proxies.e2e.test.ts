import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { NetworkProxy } from "../support/network-proxy.ts";
import { passedByCodex, takenByCodex } from "../support/proxy-variables.ts";
import { codexBinary, codexVersion, environment } from "./support/codex.ts";
import { startFake, temporaryHome } from "./support/home.ts";

const names = ["one", "other"] as const;
const hosts = { one: "one:1", other: "other:1" };
const line = (env: Record<string, string>, taken?: "one" | "other") => ({
  env,
  taken,
  shown: JSON.stringify(env),
});
const lines = [
  ...takenByCodex(hosts).map(([env, host]) =>
    line(
      env,
      names.find((name) => hosts[name] === host),
    ),
  ),
  ...passedByCodex(hosts).map(([env]) => line(env)),
];

/** Longer than Codex takes for its first question to OpenAI: what is to come may take longer on a busy machine. */
const patienceMs = (taken: string | undefined) => (taken ? 60_000 : 8000);

// Nothing but the variables says where to go, and no name can be looked up here.
test.each(lines)(`Codex ${codexVersion} goes to OpenAI by $taken with $shown`, async ({ env, taken }) => {
  const proxies = {
    one: await NetworkProxy.start(1, { refusesWith: 502 }),
    other: await NetworkProxy.start(1, { refusesWith: 502 }),
  };
  const real = Object.fromEntries(
    Object.entries(env).map(([name, value]) => [
      name,
      names.reduce((text, each) => text.replace(hosts[each], new URL(proxies[each].url).host), value),
    ]),
  );
  const fake = await startFake();
  const home = temporaryHome(fake.issuer.issue({ email: "a@example.com", accountId: "acct-1" }));
  const args = ["exec", "--skip-git-repo-check", "-c", "analytics.enabled=false", "hi"];
  const child = spawn(codexBinary(codexVersion), args, {
    cwd: home,
    env: environment({ home, env: real }),
    stdio: "ignore",
  });
  const ended = once(child, "close");
  const until = Date.now() + patienceMs(taken);
  while (Date.now() < until && proxies.one.connected.length + proxies.other.connected.length === 0)
    await wait(50);
  child.kill("SIGKILL");
  await ended;
  const asked = names.filter((name) => proxies[name].connected.includes("chatgpt.com:443"));
  expect(asked).toEqual(taken ? [taken] : []);
  expect([proxies.one.credentials, proxies.other.credentials]).toEqual([[], []]);
});

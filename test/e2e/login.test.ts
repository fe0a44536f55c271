import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { FakeOpenAI } from "../support/openai/server.ts";
import { root, versions } from "./install.mjs";
import { readAccount } from "./support/app-server.ts";
import { codexVersion, environment, runCodex, runCodexAuth, runTurn } from "./support/codex.ts";
import { readAuthJson, startFake, temporaryHome } from "./support/home.ts";

const email = "a@example.com";

/** Signs in with our own browser flow: the client follows the redirects as a browser would. */
async function signIn(home: string, fake: FakeOpenAI, flags: readonly string[] = []): Promise<void> {
  const env = environment({ home, env: { CODEX_AUTH_ISSUER: fake.url, BROWSER: "/bin/true" } });
  const args = [join(root, "bin/codex-auth"), "login", "--browser", ...flags];
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  let shown = "";
  child.stderr.on("data", (chunk: Buffer) => {
    shown += chunk.toString();
    const [url] = /^http\S+\/oauth\/authorize\S+(?=\n)/m.exec(shown) ?? [];
    if (!url) return;
    child.stderr.removeAllListeners("data").resume();
    fetch(url).catch(() => child.kill());
  });
  const [code] = await once(child, "close");
  expect([code, code === 0 ? "" : shown]).toEqual([0, ""]);
}

test.each(versions)("codex %s uses the login that we have made", async (version) => {
  const fake = await startFake();
  const home = temporaryHome();
  fake.authorizer.next = { email };
  await signIn(home, fake, ["--switch"]);
  const { status, stderr } = await runCodex(version, ["login", "status"], { home });
  expect([status, stderr]).toEqual([0, "Logged in using ChatGPT\n"]);
  expect(await readAccount(version, fake, home)).toMatchObject({ account: { email } });
});

test("codex renews it, works with it, and our pool takes the newer token in", async () => {
  const fake = await startFake();
  const home = temporaryHome();
  fake.authorizer.next = { email };
  await signIn(home, fake, ["--switch"]);
  await readAccount(codexVersion, fake, home, { refresh: true });
  expect(fake.issuer).toMatchObject({ refreshes: 1, reuses: 0 });
  expect(readAuthJson(home).tokens.refresh_token).toBe(fake.issuer.newestToken(email));
  expect(readAuthJson(home).tokens).toHaveProperty("oauth_provenance.issuer", fake.url);
  expect(await runTurn(codexVersion, fake, home)).toMatchObject({ status: 0, stdout: "hello\n" });
  // Signing in again while it is live: codex goes on with the new tokens.
  await signIn(home, fake);
  expect(await runTurn(codexVersion, fake, home)).toMatchObject({ status: 0, stdout: "hello\n" });
  expect(fake.issuer.reuses).toBe(0);
});

test("an API key is stored as codex stores it", async () => {
  const [ours, theirs] = [temporaryHome(), temporaryHome()];
  const input = "sk-test-0123456789abcdef";
  const { status, stderr } = await runCodexAuth(["login", "--with-api-key", "--switch"], {
    home: ours,
    input,
  });
  expect([status, stderr]).toEqual([0, ""]);
  expect((await runCodex(codexVersion, ["login", "--with-api-key"], { home: theirs, input })).status).toBe(0);
  const read = (home: string): unknown => JSON.parse(readFileSync(join(home, "auth.json"), "utf8"));
  expect(read(ours)).toEqual(read(theirs));
});

// codex login --with-access-token asks the issuer who the owner is, so only the reading can be compared here.
test("codex takes our access token for one", async () => {
  const home = temporaryHome();
  const input = "at-test-0123456789abcdef";
  await runCodexAuth(["login", "--with-access-token", "--switch"], { home, input });
  const { stderr } = await runCodex(codexVersion, ["login", "status"], { home });
  expect(stderr).toContain("failed to request personal access token metadata");
});

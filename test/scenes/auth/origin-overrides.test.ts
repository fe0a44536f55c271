import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createGzip } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { requestRefresh, tokenUrl } from "../../../src/auth/renew/token-endpoint.ts";
import { deviceLogin } from "../../../src/auth/sign-in/device.ts";
import { exchangeCode } from "../../../src/auth/sign-in/issuer.ts";
import { readAuthDocument } from "../../../src/codex/auth-json.ts";
import { handleErrorResponse } from "../../../src/compat/handle-error-response.ts";
import { backendOf } from "../../../src/openai/backend.ts";
import { readUsage } from "../../../src/openai/ask.ts";
import { runFake } from "../../support/fake-context.ts";
import { forgeAuthJson } from "../../support/forge.ts";
import { TestHome } from "../../support/home.ts";

/** Addresses that must not get a token, and why. */
const refused: [string, string][] = [
  ["http://issuer.example", "unencrypted"],
  ["http://192.0.2.1:8080/oauth", "unencrypted"],
  ["http://127.0.0.1.evil.example", "unencrypted"],
  ["http://localhost.evil.example/", "unencrypted"],
  ["http://0.0.0.0:1", "unencrypted"],
  ["ftp://issuer.example", "no http or https"],
  ["file:///etc/passwd", "no http or https"],
  ["//issuer.example", "no URL"],
  ["issuer.example", "no URL"],
  ["https://name:marked-password@issuer.example", "user name or password"],
];
const variables = ["CODEX_AUTH_ISSUER", "CODEX_REFRESH_TOKEN_URL_OVERRIDE", "CODEX_AUTH_BACKEND"];
const cases = variables.flatMap((name) =>
  [refused[0], refused[9]].flatMap((each): [string, string, string][] => (each ? [[name, ...each]] : [])),
);

/** An account whose access token has ended. */
async function expired(): Promise<TestHome> {
  const home = new TestHome();
  home.write(
    "auth.json",
    forgeAuthJson({ issuedAt: Math.floor(Date.now() / 1000) - 7200, expiresInSec: 3600 }),
  );
  await home.run(["import"]);
  return home;
}

test.each(cases)(
  "%s=%s: nothing is sent there, the token is not touched, and the reason is told",
  async (name, value, why) => {
    const home = await expired();
    const before = home.read("codex-auth/pool.json");
    const line = name === "CODEX_AUTH_BACKEND" ? "check 1 --json" : "token 1 --json";
    const { code, stdout, stderr } = await home.run(line.split(" "), { env: { [name]: value } });
    expect([code, JSON.parse(stdout)]).toMatchObject([1, { error: { code: "backend_refused" } }]);
    expect(stderr).toContain(`${name} cannot be used: `);
    expect(stderr).toContain(why);
    expect(stderr).toContain(`unset ${name}`);
    expect(stdout + stderr).not.toContain("marked-password");
    expect(home.read("codex-auth/pool.json")).toBe(before);
  },
);

test.each(refused)("neither Codex's override nor ours may name %s", (value, why) => {
  for (const name of ["CODEX_AUTH_ISSUER", "CODEX_REFRESH_TOKEN_URL_OVERRIDE"])
    expect(() => tokenUrl({ [name]: value })).toThrow(why);
  expect(() => backendOf({}, value)).toThrow(why);
});

test.each([
  ["https://issuer.example/token?tenant=1", "https://issuer.example/token?tenant=1"],
  ["http://127.0.0.1:8080/oauth/token", "http://127.0.0.1:8080/oauth/token"],
  ["http://[::1]:8080/", "http://[::1]:8080/"],
  ["http://localhost/t", "http://localhost/t"],
])("an https address, or one of this machine, is taken as it is: %s", (value, url) => {
  expect(tokenUrl({ CODEX_REFRESH_TOKEN_URL_OVERRIDE: value })).toBe(url);
  expect(tokenUrl({ CODEX_AUTH_ISSUER: "http://127.0.0.1:8/a/" })).toBe("http://127.0.0.1:8/a/oauth/token");
});

test.each(refused)("login refuses CODEX_AUTH_ISSUER=%s before a browser is opened", async (value, why) => {
  for (const flags of [["--browser"], ["--device-auth"], ["--manual"]]) {
    // Every effect that the context does not allow throws.
    const env = { CODEX_AUTH_ISSUER: value, LANG: "C.UTF-8" };
    const { code, stderr } = await runFake(new TestHome(), ["login", ...flags], { env });
    expect([code, stderr]).toEqual([1, expect.stringContaining(why)]);
  }
});

test("doctor says that codex-auth refuses such an address", async () => {
  const env = { CODEX_REFRESH_TOKEN_URL_OVERRIDE: "http://issuer.example/token", LANG: "C.UTF-8" };
  const { stdout } = await runFake(new TestHome(), ["doctor", "--only", "url_override", "--json"], { env });
  expect(JSON.parse(stdout)).toMatchObject({
    findings: [
      {
        severity: "error",
        evidence: ["it names issuer.example", expect.stringContaining("unencrypted")],
        fix: "unset CODEX_REFRESH_TOKEN_URL_OVERRIDE",
      },
    ],
  });
});

/** Answers every request with zeros that never end, a thousandth of it on the wire. */
async function endlessServer(status: number): Promise<string> {
  const server: Server = createServer((request, response) => {
    request.resume();
    response.writeHead(status, { "content-encoding": "gzip", "content-type": "application/json" });
    const zip = createGzip();
    zip.pipe(response);
    const more = () => {
      while (!response.destroyed && zip.write(Buffer.alloc(1_000_000)));
      if (!response.destroyed) zip.once("drain", more);
    };
    more();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function loginNow() {
  const reading = readAuthDocument(forgeAuthJson());
  if (reading.kind !== "login") throw new Error("no login");
  return reading.login;
}

const stop = new AbortController().signal;

// A few hundred kilobytes of an answer became as many megabytes of text.
test.each([200, 400, 500])(
  "an endless answer with status %i ends a renewal, and nobody knows of the token",
  async (status) => {
    const url = await endlessServer(status);
    const send = (to: string, init?: RequestInit) => fetch(to, init);
    const ctx = { fetch: send, now: Date.now, isCancelled: () => false };
    const answer = await requestRefresh(ctx, url, loginNow(), "test");
    expect(answer.kind).toBe(status === 200 ? "uncertain" : "unserved");
  },
  10_000,
);

test("an endless answer ends a sign-in with the browser or a code, a check, and a helper of the library", async () => {
  const url = await endlessServer(200);
  const ctx = { fetch: (to: string, init?: RequestInit) => fetch(to, init), now: Date.now, stop };
  const grant = { issuer: url, code: "c", verifier: "v", redirectUri: "http://127.0.0.1:1455/auth/callback" };
  await expect(exchangeCode(ctx, grant)).rejects.toMatchObject({ code: "login_failed" });
  const effects = {
    ...ctx,
    sleep: () => Promise.resolve(),
    say: () => undefined,
    openUrl: () => Promise.resolve(),
  };
  await expect(deviceLogin({ ...effects, fs: await import("node:fs") }, url)).rejects.toMatchObject({
    code: "login_failed",
  });
  const request = { baseUrl: url, accessToken: "t", accountId: null, nowMs: Date.now() };
  expect(await readUsage(ctx.fetch, request)).toBeDefined();
  const { errorBody } = await handleErrorResponse(await fetch(await endlessServer(500)));
  expect(errorBody.error.message).toBeTruthy();
}, 20_000);

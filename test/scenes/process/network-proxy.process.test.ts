import { type AddressInfo, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { requestFetch, TunnelAgent } from "../../../src/process/agents.ts";
import { FakeOpenAI } from "../../support/openai/server.ts";
import { errorBody, FakeResponses, refuses } from "../../support/openai/responses.ts";
import { homeWithThree, TestHome, threeLogins } from "../../support/home.ts";
import { certificateFile, NetworkProxy } from "../../support/network-proxy.ts";

const portOf = (url: string) => Number(new URL(url).port);

const openai = {
  NODE_EXTRA_CA_CERTS: certificateFile,
  CODEX_AUTH_BACKEND: "https://openai.example/backend-api",
  CODEX_AUTH_ISSUER: "https://openai.example",
};

/** A home whose accounts are those of a fake OpenAI, which only the proxy knows the way to. */
async function scene(manner: Parameters<typeof NetworkProxy.start>[1] = {}) {
  const fake = await FakeOpenAI.start();
  onTestFinished(() => fake.close());
  const home = new TestHome();
  const expired = fake.issuer.issue({ ...threeLogins["a"], expiresInSec: -60 });
  home.write("auth.json", expired);
  await home.runProcess(["import"]);
  const proxy = await NetworkProxy.start(portOf(fake.url), manner);
  return { fake, home, proxy, env: { ...openai, HTTPS_PROXY: proxy.url } };
}

test("a renewal and a check go through the proxy that HTTPS_PROXY names", async () => {
  const { fake, home, proxy, env } = await scene();
  const { code, stdout } = await home.runProcess(["check", "--json"], { env });
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { results: [{ ok: true, renewed: true }] }]);
  expect(fake.count("refresh")).toBe(1);
  expect(new Set(proxy.connected)).toEqual(new Set(["openai.example:443"]));
});

test.each([
  [
    "HTTPS_PROXY before https_proxy",
    (url: string) => ({ HTTPS_PROXY: url, https_proxy: "http://127.0.0.1:3" }),
  ],
  ["https_proxy", (url: string) => ({ https_proxy: url })],
  ["ALL_PROXY without a scheme", (url: string) => ({ ALL_PROXY: url.replace("http://", "") })],
  ["beside NODE_USE_ENV_PROXY", (url: string) => ({ HTTPS_PROXY: url, NODE_USE_ENV_PROXY: "1" })],
])("the proxy is found: %s", async (_, variables) => {
  const { fake, home, proxy } = await scene();
  const { code } = await home.runProcess(["check"], { env: { ...openai, ...variables(proxy.url) } });
  expect([code, fake.count("usage")]).toEqual([0, 1]);
});

// Measured: Codex 0.171 asks such an address by CONNECT, as a mixed port takes it, and keeps its password to itself.
test.each(["socks5", "socks5h", "socks4", "socks4a"])("%s:// is asked as Codex asks it", async (scheme) => {
  const { fake, home, proxy } = await scene();
  const ALL_PROXY = proxy.url.replace("http://", `${scheme}://ada:secret@`);
  const { code } = await home.runProcess(["check"], { env: { ...openai, ALL_PROXY } });
  expect([code, fake.count("usage"), proxy.credentials]).toEqual([0, 1, []]);
});

test.each([["check"], ["login", "--device-auth"]])(
  "%s does not go past a proxy that Codex ignores, and says so",
  async (...words) => {
    const { fake, home } = await scene();
    const before = home.read("auth.json");
    const { code, stdout, stderr } = await home.runProcess(words, {
      env: { ...openai, ALL_PROXY: "socks://127.0.0.1:7897/" },
    });
    expect([code, stdout + stderr]).toEqual([1, expect.stringContaining("PROXY_UNSUPPORTED")]);
    expect(stdout + stderr).toContain("codex auth doctor");
    expect([fake.log, home.read("auth.json")]).toEqual([[], before]);
  },
);

test("user and password of the variable are given to the proxy, and to nobody else", async () => {
  const authorization = `Basic ${Buffer.from("ada:pass word").toString("base64")}`;
  const { fake, home, proxy } = await scene({ authorization });
  const HTTPS_PROXY = proxy.url.replace("http://", "http://ada:pass%20word@");
  const { code, stdout, stderr } = await home.runProcess(["check"], { env: { ...openai, HTTPS_PROXY } });
  expect([code, stdout + stderr]).toEqual([0, expect.not.stringContaining("pass")]);
  expect(fake.count("usage")).toBe(1);
});

// An answer of the proxy is none of OpenAI: no account may be set aside for it.
test.each([407, 403, 502])("a proxy that answers %i costs no token and flags nobody", async (status) => {
  const { fake, home, env } = await scene({ refusesWith: status });
  const before = home.read("auth.json");
  const { code, stderr, stdout } = await home.runProcess(["check"], { env });
  expect([code, stdout + stderr]).toEqual([1, expect.stringContaining(`PROXY_HTTP_${status}`)]);
  expect([fake.log, home.read("auth.json")]).toEqual([[], before]);
  const open = await NetworkProxy.start(portOf(fake.url));
  const again = await home.runProcess(["check", "--json"], { env: { ...env, HTTPS_PROXY: open.url } });
  expect(JSON.parse(again.stdout)).toMatchObject({ results: [{ ok: true, renewed: true }] });
});

test("NO_PROXY and this machine are asked directly, also with NODE_USE_ENV_PROXY", async () => {
  const { fake, home, proxy } = await scene();
  const direct = { CODEX_AUTH_BACKEND: `${fake.url}/backend-api`, CODEX_AUTH_ISSUER: fake.url };
  const variables = { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url, NODE_USE_ENV_PROXY: "1" };
  expect(await home.runProcess(["check"], { env: { ...direct, ...variables } })).toMatchObject({ code: 0 });
  const { stdout, stderr } = await home.runProcess(["check"], {
    env: { ...openai, ...variables, NO_PROXY: "openai.example" },
  });
  expect(stdout + stderr).toMatch(/ENOTFOUND|EAI_AGAIN/);
  expect(proxy.connected).toEqual([]);
});

test.each(["CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"])("the certificates of %s are trusted", async (name) => {
  const { fake, home, proxy } = await scene();
  const { NODE_EXTRA_CA_CERTS: _, ...addresses } = openai;
  const variables = { [name]: certificateFile };
  const proxied = { ...addresses, ...variables, HTTPS_PROXY: proxy.url };
  expect(await home.runProcess(["check"], { env: proxied })).toMatchObject({ code: 0 });
  const direct = { CODEX_AUTH_BACKEND: `${proxy.direct}/backend-api`, CODEX_AUTH_ISSUER: proxy.direct };
  expect(await home.runProcess(["check"], { env: { ...direct, ...variables } })).toMatchObject({ code: 0 });
  expect(fake.count("usage")).toBe(2);
  const refused = await home.runProcess(["check"], {
    env: { ...direct, [name]: home.write("no.pem", "none") },
  });
  expect(refused.stdout + refused.stderr).toContain("SELF_SIGNED");
});

test("doctor --live tells a proxy that refuses from one that is dead", async () => {
  const { home, env } = await scene({ refusesWith: 407 });
  const look = async (HTTPS_PROXY: string) => {
    const { stdout } = await home.runProcess(["doctor", "--live", "--json"], {
      env: { ...env, HTTPS_PROXY },
    });
    const { findings } = JSON.parse(stdout) as {
      findings: { id: string; severity: string; message: string }[];
    };
    return findings.filter(({ id }) => id === "proxy_dead" || id === "network_unreachable");
  };
  const refused = await look(env.HTTPS_PROXY);
  expect(refused[0]).toMatchObject({
    id: "network_unreachable",
    severity: "error",
    message: "openai.example is not let through by the network proxy.",
  });
  const [dead, ...hidden] = await look("http://u:secret@127.0.0.1:2");
  expect(dead).toMatchObject({
    id: "proxy_dead",
    severity: "error",
    evidence: ["http://127.0.0.1:2", "ECONNREFUSED"],
    fix: "unset HTTPS_PROXY",
  });
  expect(hidden.map(({ severity }) => severity)).toEqual(["info", "info", "info"]);
});

test("doctor --live tells a port for SOCKS alone from a mixed one", async () => {
  const { home, proxy } = await scene();
  const socksOnly = createServer((client) => {
    client.on("error", () => client.destroy());
    client.once("data", (sent) => (sent[0] === 5 ? client.write("\u0005\u0000") : client.destroy()));
  });
  await new Promise<void>((resolve) => socksOnly.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void socksOnly.close());
  const { port } = socksOnly.address() as AddressInfo;
  const look = async (ALL_PROXY: string) => {
    const { stdout } = await home.runProcess(["doctor", "--live", "--json"], {
      env: { ...openai, ALL_PROXY },
    });
    const { findings } = JSON.parse(stdout) as { findings: { id: string; severity: string }[] };
    return findings.filter(({ id }) => id.startsWith("proxy") || id === "network_unreachable");
  };
  const [dead, ...rest] = await look(`socks5://127.0.0.1:${port}`);
  expect(dead).toMatchObject({
    id: "proxy_dead",
    severity: "error",
    message: expect.stringContaining("as one for SOCKS alone does not"),
    evidence: [`socks5://127.0.0.1:${port}`, "PROXY_ECONNRESET"],
    fix: "export HTTPS_PROXY=http://127.0.0.1:<port>",
  });
  expect(rest.map(({ id, severity }) => `${id} ${severity}`)).toEqual([
    "proxy_set info",
    ...Array(3).fill("network_unreachable info"),
  ]);
  const mixed = await look(proxy.url.replace("http:", "socks5h:"));
  expect(mixed.map(({ id }) => id)).toEqual(["proxy_set"]);
});

test("the rotation proxy reaches OpenAI through the network proxy, and reuses its connections", async () => {
  const upstream = await FakeResponses.start();
  const proxy = await NetworkProxy.start(portOf(upstream.url));
  const home = await homeWithThree();
  const env = { ...openai, HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url, NODE_USE_ENV_PROXY: "1" };
  upstream.next("acct-personal", refuses(429, errorBody("usage_limit_reached", { resets_in_seconds: 60 })));
  upstream.next("acct-team", refuses(429, errorBody("usage_limit_reached", { resets_in_seconds: 60 })));
  const script = `
    const { OPENAI_BASE_URL, OPENAI_API_KEY } = process.env;
    const headers = { authorization: "Bearer " + OPENAI_API_KEY, "content-type": "application/json" };
    const body = JSON.stringify({ model: "gpt-5", input: "hi", stream: true });
    for (let turn = 0; turn < 3; turn += 1)
      process.stdout.write(await (await fetch(OPENAI_BASE_URL + "/responses", { method: "POST", headers, body })).text());`;
  const { code, stdout } = await home.runProcess(
    ["exec", "--rotate", "--", process.execPath, "--input-type=module", "-e", script],
    { env },
  );
  expect([code, stdout.match(/event: response.completed/g)]).toEqual([
    0,
    Array(3).fill("event: response.completed"),
  ]);
  expect(new Set(proxy.connected)).toEqual(new Set(["openai.example:443"]));
  expect(proxy.connected.length).toBeLessThan(upstream.asked.length + upstream.checked.length);
});

test("an untrusted certificate behind the proxy ends the request", async () => {
  const { proxy } = await scene();
  const agent = new TunnelAgent(new URL(proxy.url));
  await expect(requestFetch(agent, "https://openai.example/usage")).rejects.toMatchObject({
    code: "DEPTH_ZERO_SELF_SIGNED_CERT",
  });
});

test("requestFetch sends and answers as fetch does", async () => {
  const fake = await FakeOpenAI.start();
  onTestFinished(() => fake.close());
  fake.routes.turn = ({ body, headers }) => ({
    status: 201,
    body: { body: body.toString(), type: headers["content-type"] },
    headers: { "x-two": "words" },
  });
  const init = { method: "POST", body: new URLSearchParams({ a: "1 2" }) };
  const [ours, theirs] = await Promise.all([
    requestFetch(null, `${fake.url}/v1/responses`, init),
    fetch(`${fake.url}/v1/responses`, init),
  ]);
  expect([ours.status, ours.headers.get("x-two"), await ours.json()]).toEqual([
    theirs.status,
    theirs.headers.get("x-two"),
    await theirs.json(),
  ]);
  fake.routes.usage = () => ({ status: 302, body: "", headers: { location: "https://evil.example/" } });
  const usage = `${fake.url}/backend-api/wham/usage`;
  await expect(requestFetch(null, usage, { redirect: "error" })).rejects.toThrow("redirect");
  expect((await requestFetch(null, usage, { redirect: "manual" })).status).toBe(302);
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(requestFetch(null, usage, { signal })).rejects.toThrow("enough");
});

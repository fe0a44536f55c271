import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { newSecret } from "../../../src/gateway/keys/key-secret.ts";
import { makeLink } from "../../../src/gateway/admin/sessions.ts";
import { created, delta, errorBody, fails, refuses, streams } from "../../support/openai/responses.ts";
import { type Asked, errorOf, GatewayScene } from "../../support/gateway-scene.ts";

const turn = { model: "gpt-6-sol", input: "hello", stream: true };

/** A gateway with an admin key, and what its management answers. */
async function managed(options: { address?: string; metricsPort?: number } = {}) {
  const scene = await GatewayScene.open(["a", "b"], options);
  const { secret, key } = await scene.key("boss", { role: "admin" });
  const ask = async (path: string, asked: Partial<Asked> = {}) => {
    const answer = await scene.ask({ method: "GET", key: secret, ...asked, path });
    return { ...answer, value: answer.text === "" ? null : (JSON.parse(answer.text) as unknown) };
  };
  return { scene, secret, admin: key, ask };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

interface List {
  data: Record<string, unknown>[];
  nextBefore: string | null;
}

describe("what management tells", () => {
  test("the accounts of the pool, and no token of theirs", async () => {
    const { ask, scene } = await managed();
    const { status, text, value } = await ask("/api/accounts");
    expect(status).toBe(200);
    expect((value as List).data).toMatchObject([{ state: "ready" }, { state: "ready" }]);
    const { pool } = await scene.store.read();
    for (const { login } of pool.accounts) {
      expect(text).not.toContain(login.accessToken);
      expect(text).not.toContain(login.refreshToken);
    }
  });

  test("every request of a key, newest first, page after page, and what was refused among them", async () => {
    const { ask, scene } = await managed();
    const [one, other] = [
      await scene.key("one", { limits: ["requests=3/day"] }),
      await scene.key("other", { models: ["none"] }),
    ];
    for (let count = 0; count < 4; count += 1)
      await scene.ask({ path: "/v1/responses", key: one.secret, body: turn });
    await scene.ask({ path: "/v1/responses", key: other.secret, body: turn });
    await expect.poll(() => scene.database.query(`select id from requests`)).toHaveLength(5);
    const all = (await ask("/api/requests")).value as List;
    expect(all.data.map((each) => [each["keyId"], each["status"], each["code"]])).toEqual([
      [other.key.id, 403, "model_not_allowed"],
      [one.key.id, 429, "rate_limit_exceeded"],
      [one.key.id, 200, null],
      [one.key.id, 200, null],
      [one.key.id, 200, null],
    ]);
    const first = (await ask(`/api/requests?key=${one.key.id}&limit=3`)).value as List;
    const second = (await ask(`/api/requests?key=${one.key.id}&limit=3&before=${first.nextBefore}`))
      .value as List;
    expect([...first.data, ...second.data]).toEqual(all.data.slice(1));
    expect(second.nextBefore).toBeNull();
    expect((await ask("/api/requests?key=one&limit=3")).value).toEqual(first);
    const nobody = await ask("/api/requests?key=nobody");
    expect([nobody.status, nobody.text]).toEqual([404, expect.stringContaining("There is no key nobody.")]);
    const failed = (await ask("/api/requests?outcome=refused&model=gpt-6-sol")).value as List;
    expect(failed.data).toHaveLength(2);
    const usage = (await ask("/api/usage?span=hour&group=outcome")).value as List;
    expect(usage.data.map((each) => [each["group"], each["requests"]])).toEqual([
      ["denied", 2],
      ["served", 3],
    ]);
    const own = (await ask(`/api/keys/${one.key.id}/usage`)).value;
    expect(own).toMatchObject({ request_count: 3, limits: [{ used: 3, remaining: 0 }] });
    const reset = await ask(`/api/keys/${one.key.id}/reset`, { method: "POST" });
    expect(reset.value).toMatchObject({ limits: [{ used: 0, remaining: 3 }] });
    const again = await scene.ask({ path: "/v1/responses", key: one.secret, body: turn });
    expect(again.status).toBe(200);
  });

  test("with which error a request ended, also where it was OpenAI's", async () => {
    const { ask, scene } = await managed();
    const { secret } = await scene.key("one");
    const sick: [scene: Parameters<typeof scene.fake.next>[1], isStream: boolean, code: string][] = [
      [refuses(400, errorBody("invalid_value")), true, "invalid_value"],
      [refuses(400, "<html>no</html>"), true, "upstream_error"],
      [streams(created(), fails("bio_policy")), false, "bio_policy"],
      [streams(created(), delta("x"), fails("server_error")), false, "upstream_error"],
    ];
    for (const [answer, stream] of sick) {
      for (const name of ["a", "b"]) scene.fake.always(`acct-${name}`, answer);
      await scene.ask({ path: "/v1/responses", key: secret, body: { ...turn, stream } });
    }
    const codes = async () =>
      ((await ask("/api/requests")).value as List).data.map(({ code }) => code).toReversed();
    await expect.poll(codes).toEqual(sick.map(([, , code]) => code));
  });

  test("a key by any name that it can have", async () => {
    const { ask } = await managed();
    for (const name of ["two words", "me@home", "a.b_c-d", "..."]) {
      const made = await ask("/api/keys", { method: "POST", body: { name } });
      expect([name, made.status]).toEqual([name, 201]);
      for (const path of [encodeURIComponent(name), name.replaceAll(" ", "%20")])
        expect((await ask(`/api/keys/${path}`)).value).toMatchObject({ name });
      expect((await ask(`/api/keys/${encodeURIComponent(name)}/usage`)).status).toBe(200);
    }
    for (const name of [" ", " a", "a ", ".", "..", "-a", "a/b"]) {
      const made = await ask("/api/keys", { method: "POST", body: { name } });
      expect([name, made.status, errorOf(made)["param"]]).toEqual([name, 422, "name"]);
    }
    expect((await ask("/api/keys/%")).status).toBe(404);
  });

  test("what a key has just used counts for a limit that it gets", async () => {
    const { ask, scene } = await managed();
    const { secret } = await scene.key("ci");
    await scene.ask({ path: "/v1/responses", key: secret, body: turn });
    await ask("/api/keys/ci", { method: "PATCH", body: { limits: ["tokens=1000/day"] } });
    expect((await ask("/api/keys/ci/usage")).value).toMatchObject({ limits: [{ used: 16 }] });
  });

  test("who changed what", async () => {
    const { ask, admin } = await managed();
    const made = await ask("/api/keys", { method: "POST", body: { name: "ci" } });
    const id = (made.value as { id: string }).id;
    await ask(`/api/keys/${id}/reset`, { method: "POST" });
    await ask(`/api/keys/${id}`, { method: "DELETE" });
    const { data } = (await ask("/api/audit")).value as List;
    expect(data.map(({ actor, action, target }) => [actor, action, target])).toEqual([
      [admin.id, "key.revoke", id],
      [admin.id, "key.reset", id],
      [admin.id, "key.create", id],
      ["test", "key.create", admin.id],
    ]);
  });

  test("its own figures to Prometheus, for an admin key only", async () => {
    const { scene, secret } = await managed();
    const client = await scene.key("ci");
    await scene.ask({ path: "/v1/responses", key: client.secret, body: turn });
    const answers = await Promise.all(
      [secret, client.secret, null].map((key) => scene.ask({ method: "GET", path: "/metrics", key })),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 403, 401]);
    const text = answers[0]?.text ?? "";
    expect(text).toContain('codex_auth_gateway_requests_total{route="responses",outcome="served"} 1');
    expect(text).toContain('codex_auth_gateway_accounts{state="ready"} 2');
    expect(text).toContain('codex_auth_gateway_request_seconds_bucket{le="+Inf"} 1');
    const line = /^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{(?:\w+="[^"\n]*",?)+\})? [\d.e+-]+)$/;
    expect(
      text
        .trimEnd()
        .split("\n")
        .filter((each) => !line.test(each)),
    ).toEqual([]);
    expect(text.match(/^# TYPE /gm)?.length).toBeGreaterThanOrEqual(15);
  });

  test("its figures on a port of their own, where nothing else is", async () => {
    const metricsPort = await freePort();
    const { scene } = await managed({ metricsPort });
    const at = (path: string) => fetch(`http://127.0.0.1:${metricsPort}${path}`);
    const figures = await at("/metrics");
    expect([figures.status, await figures.text()]).toEqual([
      200,
      expect.stringContaining('codex_auth_gateway_accounts{state="ready"} 2') as string,
    ]);
    expect(
      await Promise.all(["/", "/v1/models", "/api/keys"].map(async (path) => (await at(path)).status)),
    ).toEqual([404, 404, 404]);
    await scene.gateway.close();
    await expect(at("/metrics")).rejects.toThrow();
  });

  const bad: [path: string, status: number, param: string | undefined][] = [
    ["/api/requests?limit=51", 422, "limit"],
    ["/api/requests?limit=x", 422, "limit"],
    ["/api/requests?before=req_none", 422, "before"],
    ["/api/requests?outcome=fine", 422, "outcome"],
    ["/api/requests?nonsense=1", 400, "nonsense"],
    ["/api/usage?span=year", 422, "span"],
    ["/api/usage?span=hour&from=2020-01-01T00:00:00Z", 422, "from"],
    ["/api/keys/key_none/usage", 404, undefined],
    ["/api/nothing", 404, undefined],
  ];
  test("what it does not understand, with the parameter", async () => {
    const { ask } = await managed();
    for (const [path, status, param] of bad) {
      const answer = await ask(path);
      expect([path, answer.status, errorOf(answer)["param"]]).toEqual([path, status, param]);
    }
  });

  test("nothing to a client key", async () => {
    const { scene } = await managed();
    const { secret } = await scene.key("ci");
    for (const path of [
      "/api/accounts",
      "/api/requests",
      "/api/usage",
      "/api/audit",
      "/api/session",
      "/api/keys",
    ]) {
      const answer = await scene.ask({ method: "GET", path, key: secret });
      expect([path, answer.status, errorOf(answer)["code"]]).toEqual([path, 403, "insufficient_permissions"]);
    }
  });
});

describe("signing in on the page", () => {
  const sign = (scene: GatewayScene, body: object, headers: Record<string, string> = {}) =>
    scene.ask({ path: "/api/session", body, headers });
  const cookieOf = ({ headers }: { headers: Record<string, unknown> }) =>
    (headers["set-cookie"] as string[] | undefined)?.[0] ?? "";

  test("a link works once and within a minute, and its cookie is for our own page only", async () => {
    const { scene } = await managed();
    const link = await makeLink(scene.database);
    const first = await sign(scene, { link });
    const second = await sign(scene, { link });
    expect([first.status, second.status]).toEqual([201, 401]);
    expect(cookieOf(first)).toMatch(
      /^codex_auth_\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43[12]\d\d$/,
    );
    const late = await makeLink(scene.database);
    await scene.database.change(`update documents set body = '{"expiresMs":1}' where kind = 'link'`);
    expect((await sign(scene, { link: late })).status).toBe(401);

    const cookie = cookieOf(first).split(";")[0] ?? "";
    const own = scene.gateway.origin;
    const asked = async (headers: Record<string, string>, method = "POST") => {
      const answer = await scene.ask({
        method,
        path: "/api/keys",
        headers,
        body: { name: `k${Math.random()}` },
      });
      return answer.status;
    };
    expect(await asked({ cookie, origin: own })).toBe(201);
    expect(await asked({ cookie }, "GET")).toBe(200);
    // Another page, another port of this machine, a plain form, no origin at all.
    expect(await asked({ cookie, origin: "https://evil.test" })).toBe(404);
    expect(await asked({ cookie, origin: "http://127.0.0.1:9" })).toBe(404);
    expect(await asked({ cookie, origin: "null" })).toBe(404);
    expect(await asked({ cookie, origin: own, "content-type": "text/plain" })).toBe(404);
    expect(await asked({ cookie })).toBe(404);
    expect(await asked({ cookie, "sec-fetch-site": "cross-site" }, "GET")).toBe(404);
    expect(await asked({ cookie, "sec-fetch-site": "same-site", "sec-fetch-mode": "cors" }, "GET")).toBe(404);

    const ended = await scene.ask({
      method: "DELETE",
      path: "/api/session",
      headers: { cookie, origin: own },
    });
    expect([ended.status, cookieOf(ended)]).toMatchObject([204, expect.stringContaining("Max-Age=0")]);
    expect(await asked({ cookie }, "GET")).toBe(401);
  });

  test("an admin key signs in, a client key does not, and a revoked key ends its sessions", async () => {
    const { scene, secret, admin, ask } = await managed();
    const client = await scene.key("ci");
    const signed = await sign(scene, { key: secret });
    expect(signed.status).toBe(201);
    expect((await sign(scene, { key: client.secret })).status).toBe(403);
    expect((await sign(scene, { key: "nonsense" })).status).toBe(401);
    expect((await sign(scene, {})).status).toBe(400);
    expect((await sign(scene, { key: 5 })).status).toBe(422);
    // A form of any page sends this without asking first.
    for (const type of ["text/plain", "application/x-www-form-urlencoded", ""])
      expect((await sign(scene, { key: secret }, { "content-type": type })).status).toBe(400);
    const cookie = cookieOf(signed).split(";")[0] ?? "";
    const look = () => scene.ask({ method: "GET", path: "/api/session", headers: { cookie } });
    const seen = await look();
    expect([seen.status, JSON.parse(seen.text)]).toMatchObject([200, { actor: admin.id, role: "admin" }]);
    await ask(`/api/keys/${admin.id}`, { method: "DELETE" });
    expect((await look()).status).toBe(401);
  });

  test("two gateways of one host keep their sessions apart in one browser", async () => {
    const [{ scene: one }, { scene: two }] = [await managed(), await managed()];
    const jar = new Map<string, string>();
    for (const scene of [one, two]) {
      const cookie = cookieOf(await sign(scene, { link: await makeLink(scene.database) }));
      const [name = "", value = ""] = cookie.split(";")[0]?.split("=") ?? [];
      jar.set(name, value);
    }
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    for (const scene of [one, two]) {
      const seen = await scene.ask({ method: "GET", path: "/api/session", headers: { cookie } });
      expect(seen.status).toBe(200);
    }
  });

  test("no cookie opens what is for keys", async () => {
    const { scene, secret } = await managed();
    const cookie = cookieOf(await sign(scene, { key: secret })).split(";")[0] ?? "";
    const answer = await scene.ask({ path: "/v1/responses", headers: { cookie }, body: turn });
    expect(answer.status).toBe(401);
  });

  test("who guesses keys is not answered for a minute, while known keys and links go on", async () => {
    const { scene, secret, ask } = await managed();
    expect((await ask("/api/session")).status).toBe(200);
    const statuses: number[] = [];
    for (let tries = 0; tries < 25; tries += 1)
      statuses.push((await sign(scene, { key: `sk-ca-${tries}` })).status);
    expect(statuses).toEqual([
      ...Array.from({ length: 20 }, () => 401),
      ...Array.from({ length: 5 }, () => 429),
    ]);
    const wrong = newSecret();
    expect((await sign(scene, { key: wrong })).status).toBe(429);
    // Nobody gets a new address by saying so.
    const elsewhere = {
      "x-forwarded-for": "192.0.2.1",
      "x-real-ip": "192.0.2.1",
      forwarded: "for=192.0.2.1",
    };
    expect((await sign(scene, { key: wrong }, elsewhere)).status).toBe(429);
    expect((await ask("/api/session", { key: secret })).status).toBe(200);
    // Every key is known within a moment of being made, and is no guess.
    const later = await scene.key("later", { role: "admin" });
    await expect.poll(async () => (await sign(scene, { key: later.secret })).status).toBe(201);
    expect((await sign(scene, { link: await makeLink(scene.database) })).status).toBe(201);
    await scene.database.change(`update documents set changed_ms = changed_ms - 61000 where kind = 'guess'`);
    expect((await sign(scene, { key: wrong })).status).toBe(401);
  });

  // All of 127.0.0.0/8 is this machine on Linux only.
  test.skipIf(process.platform !== "linux")(
    "who guesses keys locks nobody out who comes from elsewhere",
    async () => {
      const { scene } = await managed();
      const body = JSON.stringify({ key: newSecret() });
      const guessFrom = async (localAddress: string) => {
        const request = httpRequest(`${scene.gateway.origin}/api/session`, {
          method: "POST",
          localAddress,
          headers: { "content-type": "application/json" },
        });
        request.end(body);
        const [response] = (await once(request, "response")) as [IncomingMessage];
        response.resume();
        return response.statusCode;
      };
      const statuses = new Set<number | undefined>();
      for (let tries = 0; tries < 21; tries += 1) statuses.add(await guessFrom("127.0.0.2"));
      expect([statuses, await guessFrom("127.0.0.3")]).toEqual([new Set([401, 429]), 401]);
    },
  );
});

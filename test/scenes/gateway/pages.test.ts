import { expect, test } from "vitest";
import { makeLink } from "../../../src/gateway/admin/sessions.ts";
import { assets } from "../../../src/gateway/pages/layout.ts";
import { html } from "../../../src/gateway/pages/markup.ts";
import { fillGatewayLog } from "../../support/gateway-log.ts";
import { GatewayScene } from "../../support/gateway-scene.ts";

const browser = { accept: "text/html,application/xhtml+xml" };

test("text that is put into a page is text, in an element and in an attribute", () => {
  const hostile = `"><img src=x onerror=alert(1)>'&\u202E`;
  const { text } = html`<p title="${hostile}">${hostile} ${[html`<b>${1}</b>`]}</p>`;
  expect(text).toBe(
    `<p title="&#34;&#62;&#60;img src=x onerror=alert(1)&#62;&#39;&#38;\\u202e">&#34;&#62;&#60;img src=x onerror=alert(1)&#62;&#39;&#38;\\u202e <b>1</b></p>`,
  );
});

test("the module of the pages is no larger than 8 kB", () => {
  const sizes = [...assets.values()].map(({ type, body }) => [type.split(";")[0], body.length] as const);
  const size = new Map(sizes);
  expect(size.get("text/javascript")).toBeLessThan(8_000);
  expect(size.get("text/css")).toBeLessThan(8_000);
});

test("a browser that is not signed in sees how to, on every path of a page; a program is told about its key", async () => {
  const scene = await GatewayScene.open(["a"]);
  const { key, secret } = await scene.key("ci");
  for (const path of ["/", "/keys", `/keys/${key.id}`, "/requests?key=x", "/audit", "/accounts"]) {
    const page = await scene.ask({ method: "GET", path, headers: browser });
    expect([path, page.status, page.text.includes("<h1>Sign in</h1>")]).toEqual([path, 200, true]);
    expect(page.text).not.toContain(key.name + "<");
    expect(page.headers["cache-control"]).toBe("no-store");
    expect((await scene.ask({ method: "GET", path })).status).toBe(401);
    expect((await scene.ask({ method: "GET", path, key: secret })).status).toBe(404);
  }
  const foreign = await scene.ask({ method: "GET", path: "/", headers: { ...browser, host: "evil.test" } });
  const framed = { ...browser, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };
  expect(foreign.status).toBe(404);
  expect((await scene.ask({ method: "GET", path: "/", headers: framed })).status).toBe(404);
  expect(
    (await scene.ask({ method: "GET", path: "/assets/../../etc/passwd", headers: browser })).status,
  ).toBe(401);
});

test("whoever is signed in sees the gateway, page after page, without a token or a secret in it", async () => {
  const scene = await GatewayScene.open(["a", "b"]);
  const made = await scene.key("ci", { limits: ["requests=7/day"] });
  const { pool } = await scene.store.read();
  await fillGatewayLog(scene.database, {
    keys: [made.key.id],
    accounts: pool.accounts.map(({ id }) => id),
    models: ["gpt-6-sol"],
    requests: 120,
  });
  const signed = await scene.ask({ path: "/api/session", body: { link: await makeLink(scene.database) } });
  const cookie = String(signed.headers["set-cookie"]?.[0]).split(";")[0] ?? "";
  const look = async (path: string) => {
    const answer = await scene.ask({ method: "GET", path, headers: { ...browser, cookie } });
    for (const { login } of pool.accounts) {
      expect(answer.text).not.toContain(login.accessToken);
      expect(answer.text).not.toContain(login.refreshToken);
    }
    expect(answer.text).not.toContain(made.secret);
    return answer;
  };
  expect((await look("/")).text).toMatch(/<b>2 of 2<\/b>.*<b>1<\/b> ?keys.*0 of 7/s);
  expect((await look("/accounts")).text).toContain("label-a");
  expect((await look(`/keys/${made.key.id}`)).text).toMatch(/>requests=7\/day<\/textarea/);
  const first = (await look("/requests?outcome=failed")).text;
  expect(first.match(/<b class="bad">503<\/b>/g)).toHaveLength(12);
  const newest = (await look("/requests")).text;
  const older = /href="(\/requests\?before=[^"]+)"/.exec(newest)?.[1] ?? "";
  expect((await look(older)).text).not.toBe(newest);
  expect((await look("/audit")).text).toContain("session.open");
  for (const path of ["/keys/key_0", "/requests?before=req_none"])
    expect((await look(path)).status).toBe(404);
});

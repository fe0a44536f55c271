import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeLink } from "../../src/gateway/admin/sessions.ts";
import type { Limit } from "../../src/quota/limit.ts";
import { fillGatewayLog } from "../support/gateway-log.ts";
import { GatewayScene } from "../support/gateway-scene.ts";
import { Browser, chromiumPath } from "./support/chromium.ts";

if (!chromiumPath) {
  console.error(
    "NO CHROMIUM (apt-get install chromium, or CODEX_AUTH_E2E_CHROMIUM): THE PAGES OF THE GATEWAY ARE NOT CHECKED.",
  );
}

const hostile = `"><script>document.title="taken"</script><img src=http://127.0.0.1:9/x>`;
const pages = ["/", "/accounts", "/keys", "/requests", "/audit"];

/** A gateway that has been used for a month, and a browser that is signed in. */
async function signedIn() {
  const scene = await GatewayScene.open(["a", "b", "c"]);
  await scene.store.transaction("label", ({ pool }) => {
    const [first, second] = pool.accounts;
    if (first) first.label = hostile;
    if (second) second.pausedAt = new Date().toISOString();
  });
  const { accounts } = (await scene.store.read()).pool;
  const hourMs = 3_600_000;
  await scene.store.updateUsage((usage) => {
    for (const [at, { id }] of accounts.entries()) {
      const window = (name: string, minutes: number, inMs: number): Limit => ({
        limitId: "codex",
        window: name,
        usedPercent: 35 + at * 27,
        windowMinutes: minutes,
        resetsAtMs: Date.now() + inMs,
        observedAtMs: Date.now(),
        source: "usage",
      });
      const limits = [
        window("primary", 300, (at + 1) * hourMs),
        window("secondary", 10_080, (30 + at * 40) * hourMs),
      ];
      usage.set(id, { limits, availability: null });
    }
  });
  const keys = [
    await scene.key("ci", { limits: ["requests=100/day", "cost=5usd/week"], models: [hostile] }),
    await scene.key("ada", { limits: ["tokens=2m/5h"] }),
    await scene.key("boss", { role: "admin" }),
  ];
  await fillGatewayLog(scene.database, {
    keys: keys.map(({ key }) => key.id),
    accounts: accounts.map(({ id }) => id),
    requests: 400,
    models: ["gpt-6-sol", "gpt-6-luna", hostile],
  });
  const browser = await Browser.open(chromiumPath ?? "");
  await browser.goTo(`${scene.gateway.origin}/#link=${await makeLink(scene.database)}`);
  await until(browser, `document.querySelector("nav") !== null`);
  return { scene, browser, keys };
}

async function until(browser: Browser, expression: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) {
    // The page may be going away while it is asked.
    const isSo = browser.evaluate(`(() => { try { return ${expression} } catch { return false } })()`);
    if (await isSo.catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const seen = await browser.evaluate(
    `JSON.stringify([location.href, document.activeElement?.outerHTML.slice(0, 200), [...document.querySelectorAll("dialog[open], [role=alert]")].map((each) => each.textContent.trim())])`,
  );
  throw new Error(`This never came true: ${expression}; the page: ${String(seen)}`);
}

async function open(browser: Browser, url: string): Promise<void> {
  await browser.send("Page.navigate", { url });
  await until(browser, `location.href === ${JSON.stringify(url)} && document.readyState === "complete"`);
}

function requestsOf(browser: Browser): string[] {
  return browser.events
    .filter(({ method }) => method === "Network.requestWillBeSent")
    .map(({ params }) => (params["request"] as { url: string }).url)
    .filter((url) => !url.startsWith("data:"));
}

describe.skipIf(!chromiumPath)("the pages of the gateway", () => {
  test("fit a phone and a desk, light and dark, ask nobody else, and run no code from a name", async () => {
    const { scene, browser } = await signedIn();
    for (const path of pages) {
      await open(browser, scene.gateway.origin + path);
      expect(await browser.evaluate("document.title")).toContain("Codex gateway");
      const backs = new Set<unknown>();
      for (const scheme of ["light", "dark"] as const) {
        for (const width of [360, 1280]) {
          const png = await browser.screenshot(width, scheme);
          keep(`gateway${path.replace("/", "-")}-${width}-${scheme}.png`, png);
          expect([path, await browser.evaluate("document.documentElement.scrollWidth")]).toEqual([
            path,
            width,
          ]);
          backs.add(await browser.evaluate("getComputedStyle(document.body).backgroundColor"));
        }
      }
      expect(backs.size).toBe(2);
      expect(
        await browser.evaluate("document.images.length + document.querySelectorAll('[style]').length"),
      ).toBe(0);
      // What the page and its parts weigh together.
      const bytes = await browser.evaluate(
        `performance.getEntries().filter((e) => e.entryType === "navigation" || /assets/.test(e.name)).reduce((sum, e) => sum + e.decodedBodySize, 0)`,
      );
      expect([path, Number(bytes) < 60_000, bytes]).toEqual([path, true, bytes]);
    }
    expect(requestsOf(browser).filter((url) => !url.startsWith(scene.gateway.origin))).toEqual([]);
    const faults = browser.events.filter(({ method }) =>
      /^(Log|Runtime)\.(entryAdded|exception|console)/.test(method),
    );
    expect(faults).toEqual([]);
  });

  test("a key is made, changed, rotated and revoked with the keyboard alone", async () => {
    const { scene, browser } = await signedIn();
    await open(browser, `${scene.gateway.origin}/keys`);
    await browser.evaluate(`document.querySelector("form [name=name]").focus()`);
    await type(browser, "robot");
    await browser.evaluate(`document.querySelector("form [name=limits]").focus()`);
    await type(browser, "requests=nonsense/day");
    await browser.evaluate(`document.querySelector("form [type=submit]").focus()`);
    await press(browser, "Enter");
    await until(browser, `document.querySelector("[role=alert]").textContent.includes("whole number")`);
    expect(await browser.evaluate("document.activeElement.name")).toBe("limits");
    await browser.evaluate(`document.activeElement.value = "requests=5/day"`);
    await browser.evaluate(`document.querySelector("form [type=submit]").focus()`);
    await press(browser, "Enter");
    await until(browser, `document.querySelector("#secret").open`);
    const secret = String(await browser.evaluate(`document.querySelector("#secret code").textContent`));
    const answer = await scene.ask({
      path: "/v1/responses",
      key: secret,
      body: { model: "gpt-6-sol", input: "x", stream: true },
    });
    expect([answer.status, answer.headers["x-ratelimit-limit-requests"]]).toEqual([200, "5"]);
    await press(browser, "Escape");
    const link = `[...document.links].find((each) => each.textContent.trim() === "robot").href`;
    await until(browser, `${link} && document.readyState === "complete"`);
    const href = String(await browser.evaluate(link));

    await open(browser, href);
    await browser.evaluate(`document.querySelector("[name=parallel]").focus()`);
    await type(browser, "3");
    await press(browser, "Enter");
    const stored = async () =>
      (await scene.database.query(`select policy, revoked_ms from api_keys where name = 'robot'`))[0] ?? {};
    await eventually(async () => String((await stored())["policy"]).includes('"parallel":3'));
    expect(String((await stored())["policy"])).toContain('"max":5');
    await until(
      browser,
      `document.querySelector("[name=parallel]")?.defaultValue === "3" && document.readyState === "complete"`,
    );

    const revoke = `[...document.querySelectorAll("button")].find((each) => each.textContent.trim() === "Revoke")`;
    await browser.evaluate(`${revoke}.focus()`);
    await press(browser, "Enter");
    await until(browser, `document.querySelector("#ask").open`);
    await press(browser, "Escape");
    await until(browser, `!document.querySelector("#ask").open`);
    expect((await stored())["revoked_ms"]).toBeNull();
    // Asked again before the first answer's close event has come.
    await browser.evaluate(
      `${revoke}.click(), document.querySelector("#ask").close(), ${revoke}.click(), ${revoke}.value`,
    );
    await until(browser, `document.querySelector("#ask").open`);
    await press(browser, "Enter");
    await until(browser, `location.pathname === "/keys"`);
    expect((await stored())["revoked_ms"]).not.toBeNull();
    const later = await scene.ask({ path: "/v1/models", method: "GET", key: secret });
    expect(later.status).toBe(401);
  });

  test("who signs out, or is nobody, sees how to sign in, and no more", async () => {
    const { scene, browser, keys } = await signedIn();
    await browser.evaluate(`document.querySelector("nav button").click()`);
    await until(browser, `document.querySelector("h1").textContent === "Sign in"`);
    for (const path of [...pages, `/keys/${keys[0]?.key.id ?? ""}`]) {
      await open(browser, scene.gateway.origin + path);
      expect(await browser.evaluate(`document.querySelector("h1").textContent`)).toBe("Sign in");
      expect(String(await browser.evaluate("document.body.textContent"))).not.toContain("gpt-6-sol");
    }
    await browser.evaluate(`document.querySelector("[name=key]").focus()`);
    await type(browser, keys[2]?.secret ?? "");
    await press(browser, "Enter");
    await until(browser, `document.querySelector("nav") !== null`);
    expect(requestsOf(browser).filter((url) => url.includes("sk-ca"))).toEqual([]);
  });

  test("the overview follows the gateway without being asked", async () => {
    const { scene, browser, keys } = await signedIn();
    await open(browser, `${scene.gateway.origin}/`);
    const used = `document.querySelector("#budgets").textContent.includes("1 of 100")`;
    expect(await browser.evaluate(used)).toBe(false);
    await scene.ask({
      path: "/v1/responses",
      key: keys[0]?.secret ?? "",
      body: { model: hostile, input: "x", stream: true },
    });
    await until(browser, used);
  });

  test("another page can neither frame it nor send a form to it", async () => {
    const { scene, browser } = await signedIn();
    const answer = await scene.ask({ method: "GET", path: "/", headers: { accept: "text/html" } });
    const policy = String(answer.headers["content-security-policy"]);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const count = async () =>
      Number((await scene.database.query(`select count(*) as n from api_keys`))[0]?.["n"]);
    const before = await count();
    // The same host at another port: the cookie goes along, the origin is not ours.
    const { cookies } = (await browser.send("Network.getCookies")) as {
      cookies: { name: string; value: string }[];
    };
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
    for (const headers of [
      { cookie, origin: "http://127.0.0.1:9", "sec-fetch-site": "same-site" },
      { cookie, origin: "http://evil.test", "sec-fetch-site": "cross-site" },
      { cookie, "content-type": "application/x-www-form-urlencoded" },
    ]) {
      const posted = await scene.ask({
        path: "/api/keys",
        headers,
        body: { name: "evil" },
      });
      expect(posted.status).toBe(404);
    }
    expect(await count()).toBe(before);
  });
});

async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000 && !(await isSo()); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 50));
}

async function type(browser: Browser, text: string): Promise<void> {
  await browser.send("Input.insertText", { text });
}

async function press(browser: Browser, key: "Enter" | "Escape"): Promise<void> {
  const code = { Enter: 13, Escape: 27 }[key];
  const about = { key, code: key, windowsVirtualKeyCode: code, ...(key === "Enter" ? { text: "\r" } : {}) };
  await browser.send("Input.dispatchKeyEvent", { type: "keyDown", ...about });
  await browser.send("Input.dispatchKeyEvent", { type: "keyUp", ...about });
}

/** For a person to look at: CODEX_AUTH_E2E_SHOTS names the folder. */
function keep(name: string, png: Buffer): void {
  const folder = process.env["CODEX_AUTH_E2E_SHOTS"];
  expect(png.length).toBeGreaterThan(5_000);
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), png);
}

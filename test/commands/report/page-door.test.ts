import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { openPageDoor } from "../../../src/commands/report/page-door.ts";

/** A door with a page behind it, and how often the page was made. */
async function door(over: Partial<Parameters<typeof openPageDoor>[0]> = {}) {
  const made = { count: 0, nowMs: 0 };
  const make = async () => `<p>secret figures ${(made.count += 1)}</p>`;
  const opened = await openPageDoor({ make, now: () => made.nowMs, mayConnect: () => true, ...over });
  onTestFinished(() => opened.close());
  const { port, pathname } = new URL(opened.url);
  return { ...opened, made, port: Number(port), path: pathname };
}

interface Asked {
  path: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

async function ask(port: number, { path, method = "GET", headers = {}, body = "" }: Asked) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, path, method, headers }, resolve);
    request.once("error", reject).end(body);
  });
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, headers: response.headers, text };
}

/** What a client sends that is no HTTP client. */
function send(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let heard = "";
    const socket = connect(port, "127.0.0.1", () => socket.end(text));
    socket.on("data", (chunk) => (heard += String(chunk)));
    // Node 24 resets what others just end.
    socket.once("close", () => resolve(heard)).once("error", () => undefined);
  });
}

test("who has the address gets the page, which may load, run and be framed by nothing and is kept nowhere", async () => {
  const { port, path } = await door();
  expect(path).toMatch(/^\/[\w-]{32}\/$/);
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) {
    const { status, headers, text } = await ask(port, { path, headers: { host } });
    expect([status, text]).toEqual([200, "<p>secret figures 1</p>"]);
    expect(headers).toMatchObject({
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
      refresh: "60",
    });
    expect(headers["content-security-policy"]).toMatch(/^default-src 'none';.*frame-ancestors 'none'/);
    expect(headers["content-security-policy"]).not.toContain("script");
  }
  expect((await ask(port, { path, method: "HEAD" })).text).toBe("");
});

const strangers: [who: string, asked: (own: { path: string; port: number }) => Asked][] = [
  ["nobody told the path", () => ({ path: "/" })],
  ["a path of the same length", ({ path }) => ({ path: `/${"A".repeat(path.length - 2)}/` })],
  ["the path without its end", ({ path }) => ({ path: path.slice(0, -1) })],
  ["the path and more", ({ path }) => ({ path: `${path}x` })],
  ["the path with a query", ({ path }) => ({ path: `${path}?a=1` })],
  ["the path behind dots", ({ path }) => ({ path: `/x/..${path}` })],
  ["the path behind two slashes", ({ path }) => ({ path: `/${path}` })],
  [
    "the path in escapes",
    ({ path }) => ({ path: path.replace(/[A-Za-z0-9]/, (sign) => `%${sign.charCodeAt(0).toString(16)}`) }),
  ],
  [
    "the path in other letters",
    ({ path }) => ({ path: path.toUpperCase() === path ? path.toLowerCase() : path.toUpperCase() }),
  ],
  ["an address as a proxy is asked", ({ path, port }) => ({ path: `http://127.0.0.1:${port}${path}` })],
  [
    "a page whose name points here",
    ({ path, port }) => ({ path, headers: { host: `evil.example:${port}` } }),
  ],
  [
    "a Host that begins like ours",
    ({ path, port }) => ({ path, headers: { host: `127.0.0.1.evil.example:${port}` } }),
  ],
  ["a Host with another port", ({ path }) => ({ path, headers: { host: "127.0.0.1:1" } })],
  ["a Host without a port", ({ path }) => ({ path, headers: { host: "127.0.0.1" } })],
  [
    "a foreign Host that says it was forwarded for us",
    ({ path, port }) => ({
      path,
      headers: { host: "evil.example", "x-forwarded-host": `127.0.0.1:${port}` },
    }),
  ],
  ["a fetch of another page", ({ path }) => ({ path, headers: { origin: "http://evil.example" } })],
  [
    "a fetch of a page of this machine",
    ({ path, port }) => ({ path, headers: { origin: `http://127.0.0.1:${port}` } }),
  ],
  ["a file's page", ({ path }) => ({ path, headers: { origin: "null" } })],
  [
    "a link of another page",
    ({ path }) => ({ path, headers: { "sec-fetch-site": "cross-site", "sec-fetch-dest": "document" } }),
  ],
  ["another port of this machine", ({ path }) => ({ path, headers: { "sec-fetch-site": "same-site" } })],
  [
    "a frame",
    ({ path }) => ({ path, headers: { "sec-fetch-site": "same-origin", "sec-fetch-dest": "iframe" } }),
  ],
  [
    "a picture",
    ({ path }) => ({ path, headers: { "sec-fetch-site": "cross-site", "sec-fetch-dest": "image" } }),
  ],
  ...["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"].map(
    (method): [string, (own: { path: string }) => Asked] => [method, ({ path }) => ({ path, method })],
  ),
];

test.each(strangers)("%s gets the same nothing as everybody", async (_, asked) => {
  const { port, path, made } = await door();
  const nothing = await ask(port, { path: "/nothing/at/all" });
  const { status, headers, text } = await ask(port, asked({ path, port }));
  expect([status, text]).toEqual([404, "Not found.\n"]);
  expect({ ...headers, date: "" }).toEqual({ ...nothing.headers, date: "" });
  expect(made.count).toBe(0);
});

test("a program of another user is turned away although it knows the path", async () => {
  const seen: [number, number][] = [];
  const mayConnect = (from: number, to: number) => seen.push([from, to]) < 0;
  const { port, path } = await door({ mayConnect });
  expect((await ask(port, { path })).status).toBe(404);
  expect(seen).toEqual([[expect.any(Number), port]]);
});

test("a client without Host, one that says two, an upgrade and noise get nothing", async () => {
  const { port, path, made } = await door();
  const own = `Host: 127.0.0.1:${port}\r\n`;
  const answers = [
    await send(port, `GET ${path} HTTP/1.0\r\n\r\n`),
    await send(port, `GET ${path} HTTP/1.1\r\nHost: evil.example\r\n${own}\r\n`),
    await send(port, `GET ${path}x HTTP/1.1\r\n${own}Connection: upgrade\r\nUpgrade: websocket\r\n\r\n`),
    await send(port, `CONNECT 127.0.0.1:${port} HTTP/1.1\r\n${own}\r\n`),
    await send(port, `GET ${path} HTTP/1.1\r\n${own}X: ${"a".repeat(100_000)}\r\n\r\n`),
    await send(port, "\u0016\u0003\u0001 what is this\r\n\r\n"),
  ];
  for (const answer of answers) expect(answer).not.toContain("secret figures");
  expect(made.count).toBe(0);
  expect((await ask(port, { path })).status).toBe(200);
});

test("the address for the command line of a browser leads to the page once", async () => {
  const { port, path, onceUrl } = await door();
  const once = new URL(onceUrl).pathname;
  expect(once).not.toBe(path);
  expect((await ask(port, { path: once, headers: { origin: "http://evil.example" } })).status).toBe(404);
  const first = await ask(port, { path: once });
  expect([first.status, first.headers.location, first.text]).toEqual([303, path, ""]);
  expect((await ask(port, { path: once })).status).toBe(404);
  expect((await ask(port, { path })).status).toBe(200);
});

test("the page is made anew when it is asked for after a while, and what goes wrong is said", async () => {
  const { port, path, made } = await door();
  const texts = [];
  for (made.nowMs of [0, 4_000, 6_000]) texts.push((await ask(port, { path })).text);
  expect(texts.map((text) => /\d/.exec(text)?.[0])).toEqual(["1", "1", "2"]);
  const broken = await door({ make: () => Promise.reject(new Error("the pool is torn\u001b")) });
  const { status, text } = await ask(broken.port, { path: broken.path });
  expect([status, text]).toEqual([503, "The report cannot be made now: the pool is torn\\u001b\n"]);
});

test("a closed door ends who still waits, and the port is free", async () => {
  let arrive = () => {};
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  const waits = await door({ make: () => (arrive(), new Promise(() => {})) });
  const asked = ask(waits.port, { path: waits.path }).catch((error: NodeJS.ErrnoException) => error.code);
  await arrived;
  await waits.close();
  expect(await asked).toBe("ECONNRESET");
  await expect(ask(waits.port, { path: waits.path })).rejects.toThrow("ECONNREFUSED");
});

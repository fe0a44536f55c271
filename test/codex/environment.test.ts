import { expect, test } from "vitest";
import { catchesLoopback, isDirect, unusableProxy, wayTo } from "../../src/codex/environment.ts";
import { passedByCodex, takenByCodex } from "../support/proxy-variables.ts";

const openai = "https://chatgpt.com/backend-api";
const one = "127.0.0.1:7897";
const other = "127.0.0.1:7898";

type Env = Record<string, string>;

test.each(takenByCodex({ one, other }))("with %j we go to OpenAI as Codex does: by %s", (env, host) => {
  const way = wayTo(env, openai);
  expect(way.kind === "proxy" ? way.url.host : way.kind).toBe(host ?? "direct");
});

test.each(passedByCodex({ one, other }))(
  "with %j Codex goes past the proxy of %s, and we nowhere",
  (env, name) => {
    expect(wayTo(env, openai)).toMatchObject({ kind: "unsupported", name });
    expect(wayTo({ ...env, NO_PROXY: "chatgpt.com" }, openai).kind).toBe("direct");
  },
);

// Measured on Codex 0.171: one question of many goes to that proxy, the others go directly.
test("a SOCKS address in capitals is none that Codex takes", () => {
  const ALL_PROXY = `SOCKS5://${one}`;
  expect(wayTo({ ALL_PROXY }, openai)).toMatchObject({ kind: "unsupported", name: "ALL_PROXY" });
});

test("what a person is told to type holds nothing but host and port of the address", () => {
  const fix = (ALL_PROXY: string) => {
    const way = wayTo({ ALL_PROXY }, openai);
    return way.kind === "unsupported" ? unusableProxy({ ALL_PROXY }, way).fix : way.kind;
  };
  expect(fix("socks://ada:secret@p.example:1080/x")).toBe("export ALL_PROXY=http://p.example:1080");
  expect(fix("socks://[::1]:1080")).toBe("export ALL_PROXY=http://[::1]:1080");
  expect(fix("socks://$(id):1080")).toBe("export ALL_PROXY=http://<host>:<port>");
});

test("NO_PROXY counts before no_proxy, also where it is empty", () => {
  expect(isDirect({ NO_PROXY: "chatgpt.com", no_proxy: "x.test" }, "chatgpt.com")).toBe(true);
  expect(isDirect({ NO_PROXY: "x.test", no_proxy: "chatgpt.com" }, "chatgpt.com")).toBe(false);
  expect(isDirect({ NO_PROXY: "", no_proxy: "chatgpt.com" }, "chatgpt.com")).toBe(false);
});

test.each<[Env, string | null]>([
  [{ ALL_PROXY: `socks5://${one}` }, "ALL_PROXY"],
  [{ ALL_PROXY: `socks://${one}` }, null],
  [{ HTTP_PROXY: `socks5://${one}` }, "HTTP_PROXY"],
  [{ HTTP_PROXY: `http://${other}`, http_proxy: `http://${one}` }, "HTTP_PROXY"],
  [{ HTTP_PROXY: "socks://127.0.0.1:1", ALL_PROXY: `http://${one}` }, "ALL_PROXY"],
  [{ ALL_PROXY: `http://${one}`, NO_PROXY: "localhost" }, "ALL_PROXY"],
  [{ HTTPS_PROXY: `http://${one}` }, null],
])("what Codex sends to this machine is caught in %j by %s", (env, name) => {
  expect(catchesLoopback(env)?.name ?? null).toBe(name);
});

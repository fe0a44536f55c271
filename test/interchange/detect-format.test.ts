import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readAuthDocument } from "../../src/codex/auth-json.ts";
import type { FormatName } from "../../src/interchange/format-names.ts";
import { type FileReading, readStoreFiles } from "../../src/interchange/detect-format.ts";
import { forgeAuthJson } from "../support/forge.ts";
import { projectRoot } from "../support/home.ts";

const stores = join(projectRoot, "fixtures/stores");
const passphrase = "correct horse battery";

function readFolder(name: string, from: FormatName | null = null) {
  const folder = join(stores, name);
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((each) =>
    each.endsWith("json"),
  );
  const files = names.sort().map((each) => ({
    path: join(folder, each),
    text: readFileSync(join(folder, each), "utf8"),
  }));
  return readStoreFiles(files, { from, passphrase });
}

function read(document: unknown, from: FormatName | null = null): FileReading {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  const [reading] = readStoreFiles([{ path: "/x/a.json", text }], { from, passphrase: null });
  if (!reading) throw new Error("No reading.");
  return reading;
}

/** Every login in one line: who, and what the store says about it; a refusal with its reason. */
function linesOf(readings: readonly FileReading[]): string[] {
  return readings.flatMap((reading) => {
    if (reading.kind !== "entries") return [`${reading.format}: ${reading.problem}`];
    return reading.entries.map((entry) => {
      if (entry.kind === "refused") return `${reading.format}: refused ${entry.name}: ${entry.problem}`;
      const { login, label, pausedAt, flag } = entry;
      const marks = [label && `"${label}"`, pausedAt && "paused", flag?.reason].filter(Boolean);
      return [`${reading.format}:`, login.email, ...marks].join(" ");
    });
  });
}

const notes = "it describes the logins beside it and holds none";

test.each<[string, string[]]>([
  [
    "codex-multi-auth",
    [
      'codex-multi-auth: ada@example.com "home"',
      "codex-multi-auth: dev@example.com paused",
      "codex-multi-auth: refused token-only@example.com: it has no access token, and a refresh token alone does not tell whose it is",
      "codex-multi-auth: refused null: it is no JSON object",
      "codex-multi-auth: revoked@example.com reported",
      "codex-multi-auth: flagged@example.com reported",
      "codex-multi-auth: spent@example.com used-elsewhere",
    ],
  ],
  ["codex-multi-auth-v1", ["codex-multi-auth: ada@example.com", "codex-multi-auth: eve@example.com"]],
  ["loongphy", ['loongphy: ada@example.com "home"', "loongphy: dev@example.com", `loongphy: ${notes}`]],
  [
    "cliproxyapi",
    [
      "cliproxyapi: it is a login of CLIProxyAPI for claude, not for Codex",
      "cliproxyapi: ada@example.com",
      'cliproxyapi: dev@example.com "team" paused',
    ],
  ],
  ["codex-lb", ['codex-lb: ada@example.com "home"', "codex-lb: dev@example.com"]],
  ["opencode", ["opencode: ada@example.com"]],
  ["caam", ["caam: ada@example.com", `caam: ${notes}`, 'caam: ada@example.com "ada-main"', `caam: ${notes}`]],
  [
    "codexctl",
    [
      "codexctl: codexctl has encrypted it",
      `codexctl: ${notes}`,
      'codexctl: dev@example.com "Team seat"',
      `codexctl: ${notes}`,
      'codexctl: ada@example.com "work"',
      `codexctl: ${notes}`,
    ],
  ],
])("the store %s is recognized, and forcing its format reads the same", (folder, lines) => {
  expect(linesOf(readFolder(folder))).toEqual(lines);
  const format = folder.replace("-v1", "") as FormatName;
  const forced = linesOf(readFolder(folder, format)).filter((line) => !line.includes("not of the format"));
  expect(forced).toEqual(lines.filter((line) => !line.includes("claude") || format === "cliproxyapi"));
});

test("every login is one that Codex takes: an id token, a time of refresh, the workspace of the token", () => {
  const folders = ["codex-multi-auth", "cliproxyapi", "codex-lb", "opencode"];
  const entries = folders.flatMap((folder) =>
    readFolder(folder).flatMap((each) => (each.kind === "entries" ? each.entries : [])),
  );
  const logins = entries.flatMap((entry) => (entry.kind === "login" ? [entry.login] : []));
  expect(logins).toHaveLength(10);
  for (const { document, identity } of logins) {
    expect(readAuthDocument(document).kind).toBe("login");
    expect(document).toMatchObject({
      auth_mode: "chatgpt",
      last_refresh: expect.stringMatching(/^2026-11-20T11:00/),
    });
    expect(document["tokens"]).toMatchObject({
      account_id: identity.kind === "seat" ? identity.accountId : "",
    });
  }
});

const login = forgeAuthJson({ issuedAt: 1_800_000_000 });
const { access_token: access, refresh_token: refresh, id_token: id } = login.tokens;
const deep = `${"[".repeat(5000)}${"]".repeat(5000)}`;

test.each<[string, unknown, string]>([
  [
    "a version of codex-multi-auth that is not known",
    { version: 4, accounts: [], activeIndex: 0 },
    "version 4",
  ],
  ["a version 2, which never was", { version: 2, accounts: [{ refreshToken: "x" }] }, "version 2"],
  ["a pool of ours", { version: 1, revision: 1, accounts: [{ id: "1", auth: login }] }, "holds no login"],
  ["an OpenCode without OpenAI", { anthropic: { type: "api", key: "k" } }, "no login of OpenAI"],
  ["an OpenCode with an empty key", { openai: { type: "api", key: "" } }, "empty or not a string"],
  ["a codex-lb bundle of another version", { format: "codex-lb-account-bundle", version: 2 }, "version 2"],
  [
    "a codex-lb bundle without a header",
    { format: "codex-lb-account-bundle", version: 1 },
    "header is damaged",
  ],
  ["a newer bundle of ours", { format: "codex-auth-bundle", version: 9 }, "written by a newer codex-auth"],
  ["a bundle with a list that is none", { format: "codex-auth-bundle", version: 1, accounts: {} }, "no list"],
  ["a list", [login], "no JSON object"],
  ["deep JSON", deep, "nested too deeply"],
  ["deep JSON inside of a store", `{"version":3,"activeIndex":0,"accounts":${deep}}`, "nested too deeply"],
  ["a file cut in the middle", JSON.stringify(login).slice(0, 99), "not complete JSON"],
  ["an empty file", " \n", "the file is empty"],
])("%s is named, not guessed at", (_, document, why) => {
  const reading = read(document);
  expect(reading).toMatchObject({ problem: expect.stringContaining(why) });
});

test.each<[string, object, string]>([
  ["no refresh token", { accessToken: access }, "no refresh token"],
  ["no access token", { refreshToken: refresh }, "no access token"],
  ["an access token that is no JWT", { refreshToken: refresh, accessToken: "opaque" }, "is not a JWT"],
  [
    "an access token of nobody",
    { refreshToken: refresh, accessToken: "e30.e30.c2ln" },
    "do not tell whose they are",
  ],
  ["a number for a token", { refreshToken: 7, accessToken: access }, "no refresh token"],
])("an account with %s is refused, and the next one is taken", (_, account, why) => {
  const good = { refreshToken: refresh, accessToken: access };
  const reading = read({ version: 3, activeIndex: 0, accounts: [account, good] });
  expect(reading).toMatchObject({
    entries: [{ kind: "refused", problem: expect.stringContaining(why) }, { kind: "login" }],
  });
});

test("keys that play with prototypes are data like any other", () => {
  const account = { refreshToken: refresh, accessToken: access };
  const text = JSON.stringify({ version: 3, activeIndex: 0, accounts: [account] });
  const hostile = text
    .replace('"refreshToken"', '"__proto__":{"enabled":false},"constructor":1,"refreshToken"')
    .replace("{", '{"__proto__":{"format":"codex-auth-bundle"},');
  expect(read(hostile)).toMatchObject({
    format: "codex-multi-auth",
    entries: [{ kind: "login", pausedAt: null }],
  });
  expect(({} as Record<string, unknown>)["enabled"]).toBeUndefined();
});

test("a login without a time of refresh is as old as its access token says, or older than all", () => {
  const file = { type: "codex", id_token: id, access_token: access, refresh_token: refresh };
  const timeOf = (last: unknown) => {
    const reading = read({ ...file, last_refresh: last });
    const [entry] = reading.kind === "entries" ? reading.entries : [];
    return entry?.kind === "login" ? entry.login.lastRefresh : null;
  };
  expect(timeOf("")).toBe("2027-01-15T08:00:00.000Z");
  expect(timeOf("yesterday")).toBe("2027-01-15T08:00:00.000Z");
  expect(timeOf("2026-01-01T00:00:00+08:00")).toBe("2026-01-01T00:00:00+08:00");
});

test.each<[FormatName, unknown]>([
  ["codex-multi-auth", login],
  ["opencode", login],
  ["caam", login],
  ["bundle", { type: "codex", access_token: access, refresh_token: refresh }],
])("--from %s takes no file of another form", (from, document) => {
  expect(read(document, from)).toMatchObject({ kind: "broken", format: null });
});

test("what a store tells about a failure keeps no secret", () => {
  const account = {
    refreshToken: refresh,
    accessToken: access,
    flaggedAt: 1,
    lastError: `refused ${access}`,
  };
  const reading = read({ version: 1, accounts: [account] });
  expect(JSON.stringify(reading.kind === "entries" && reading.entries[0])).toContain("[redacted]");
});

import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { forgeAuthJson, forgeTokens } from "../../support/forge.ts";
import { TestHome } from "../../support/home.ts";

const login = forgeAuthJson({ email: "a@example.com", userId: "user-1", accountId: "acct-1" });

interface Finding {
  id: string;
  severity: string;
  message: string;
  fix: string | null;
  canMend: boolean;
}

async function doctor(home: TestHome): Promise<Finding[]> {
  const { stdout } = await home.run(["doctor", "--only", "credentials", "--json"]);
  return (JSON.parse(stdout) as { findings: Finding[] }).findings;
}

/** The login with one of its tokens changed, as by hand. */
function withToken(name: keyof typeof login.tokens, change: (token: string) => string) {
  return { ...login, tokens: { ...login.tokens, [name]: change(login.tokens[name]) } };
}

const half = (token: string) => Math.floor(token.length / 2);

const untidy: [name: string, document: object, problem: string][] = [
  [
    "Bearer",
    withToken("access_token", (token) => `Bearer ${token}`),
    'tokens.access_token in auth.json begins with "Bearer "',
  ],
  ["a line break at the end", withToken("access_token", (token) => `${token}\n`), "has a line break in it"],
  [
    "a line break inside",
    withToken("access_token", (token) => `${token.slice(0, 40)}\r\n${token.slice(40)}`),
    "has a line break",
  ],
  [
    "a blank in the refresh token",
    withToken("refresh_token", (token) => ` ${token}`),
    "tokens.refresh_token in auth.json has blanks",
  ],
  ["quotes", withToken("refresh_token", (token) => `"${token}"`), "has quotes around it"],
  [
    "an API key with a line break",
    { auth_mode: "apikey", OPENAI_API_KEY: "sk-test-1\n" },
    "OPENAI_API_KEY in auth.json has a line break",
  ],
];

test.each(untidy)(
  "%s: doctor says so, fix takes it away, and the token stays",
  async (_, document, problem) => {
    const home = new TestHome();
    home.write("auth.json", document);
    const found = (await doctor(home)).find(({ id }) => id === "token_untidy");
    expect(found).toMatchObject({
      severity: "error",
      canMend: true,
      message: expect.stringContaining(problem),
    });
    await home.run(["fix"]);
    expect((await doctor(home)).map(({ id }) => id)).not.toContain("token_untidy");
    const mended = JSON.parse(home.read("auth.json")) as { tokens: object; OPENAI_API_KEY: string };
    if ("tokens" in document) expect(mended.tokens).toEqual(login.tokens);
    else expect(mended.OPENAI_API_KEY).toBe("sk-test-1");
  },
);

test.each(untidy)("%s: import takes the token out of it, and says so", async (_, document) => {
  const home = new TestHome();
  home.write("logins/a.json", document);
  const { code, stdout } = await home.run(["import", home.file("logins/a.json"), "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    results: [{ outcome: "added", reason: expect.stringContaining("which was left out") }],
  });
  const pool = home.read("codex-auth/pool.json");
  expect(pool).not.toMatch(/Bearer|\\n|\\r/);
  if ("tokens" in document)
    for (const token of Object.values(login.tokens)) expect(pool).toContain(`"${token}"`);
});

test("an id token with a line break, which Codex cannot read at all, is mended too", async () => {
  const home = new TestHome();
  home.write(
    "auth.json",
    withToken("id_token", (token) => `Bearer ${token.slice(0, half(token))}\n${token.slice(half(token))}`),
  );
  await home.run(["fix"]);
  expect((JSON.parse(home.read("auth.json")) as typeof login).tokens).toEqual(login.tokens);
});

test("a used-up refresh token does not come back because a blank stands beside it", async () => {
  const home = new TestHome();
  home.write("auth.json", login);
  await home.run(["import"]);
  const pool = JSON.parse(home.read("codex-auth/pool.json")) as {
    accounts: { spent: string[]; auth: object }[];
  };
  const newer = forgeAuthJson({
    email: "a@example.com",
    userId: "user-1",
    accountId: "acct-1",
    issuedAt: Math.floor(Date.now() / 1000) + 60,
  });
  home.write("logins/newer.json", newer);
  await home.run(["import", home.file("logins/newer.json")]);
  expect(pool.accounts).toHaveLength(1);
  home.write(
    "auth.json",
    withToken("refresh_token", (token) => ` ${token}`),
  );
  await home.run(["fix"]);
  expect(home.read("codex-auth/pool.json")).toContain(newer.tokens.refresh_token);
});

/** As Windows PowerShell writes it, with and without its mark. */
const utf16 = (text: string) => Buffer.from(text, "utf16le");
const swapped = (bytes: Buffer) => Buffer.from(bytes).swap16();
const text = JSON.stringify(login, null, 2);

const encodings: [string, Buffer][] = [
  ["with a mark", utf16(`\uFEFF${text}`)],
  ["without a mark", utf16(text)],
  ["the other way round", swapped(utf16(`\uFEFF${text}`))],
];

test.each(encodings)("auth.json in UTF-16 %s is named, mended and imported", async (_, bytes) => {
  const home = new TestHome();
  writeFileSync(home.file("auth.json"), bytes, { mode: 0o600 });
  const [found] = await doctor(home);
  expect(found).toMatchObject({
    id: "auth_file_unreadable",
    canMend: true,
    message: expect.stringContaining("UTF-16"),
  });
  await home.run(["fix"]);
  expect((JSON.parse(home.read("auth.json")) as typeof login).tokens).toEqual(login.tokens);
  const other = new TestHome();
  writeFileSync(other.file("a.json"), bytes);
  expect((await other.run(["import", other.file("a.json")])).code).toBe(0);
  expect(other.read("codex-auth/pool.json")).toContain(login.tokens.refresh_token);
});

const tokens = forgeTokens({ email: "a@example.com", userId: "user-1", accountId: "acct-1" });

test.each([
  [
    "OpenCode",
    { openai: { type: "oauth", access: tokens.access_token, refresh: tokens.refresh_token, expires: 1 } },
  ],
  ["CLIProxyAPI", { type: "codex", ...tokens, email: "a@example.com" }],
])("auth.json in the form of %s: import reads it, and that is said", async (tool, document) => {
  const home = new TestHome();
  const file = home.write("auth.json", document);
  const [found] = await doctor(home);
  expect(found).toMatchObject({
    id: "auth_file_unreadable",
    canMend: false,
    fix: `codex auth import '${file}'`,
  });
  expect(found?.message).toContain(`in the form of ${tool}`);
  expect((await home.run(["import", file])).code).toBe(0);
  expect(home.read("codex-auth/pool.json")).toContain(tokens.refresh_token);
  expect((await home.run(["switch", "1", "--replace-broken"])).code).toBe(0);
  expect(home.read("auth.json")).toContain('"tokens"');
});

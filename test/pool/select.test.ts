import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { runFake } from "../support/fake-context.ts";
import { forgeAuthJson } from "../support/forge.ts";
import { TestHome } from "../support/home.ts";

interface Listed {
  id: string;
  accountId: string;
  row: number;
}

/** Five accounts with ids as OpenAI gives them. */
async function pool(): Promise<{ home: TestHome; listed: Listed[] }> {
  const home = new TestHome();
  for (const [index, name] of ["ada", "bob", "cleo", "dora", "emil"].entries()) {
    const uuid = createHash("sha256").update(name).digest("hex").slice(0, 32);
    const accountId = uuid.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    const login = { email: `${name}@example.com`, userId: `user-${name}`, accountId, plan: "plus" };
    home.write(`logins/${index}.json`, forgeAuthJson(login));
  }
  await runFake(home, ["import", home.file("logins")]);
  await runFake(home, ["label", "1", "work"]);
  const { stdout } = await runFake(home, ["list", "--json"]);
  return { home, listed: (JSON.parse(stdout) as { accounts: Listed[] }).accounts };
}

/** The rows that a word pauses; null when it is refused. */
async function hit(home: TestHome, word: string, command = "check"): Promise<string> {
  const { stdout } = await runFake(home, [command, word, "--json"], {
    fetch: () => Promise.reject(new TypeError("no network")),
    renew: () => Promise.reject(new Error("unexpected renew")),
  });
  const document = JSON.parse(stdout) as { error?: { code: string } };
  return document.error?.code ?? "found";
}

// Ids are random letters and digits: of all words of two characters, 38 % meant some account.
test("no word of two or three characters means an account by the inside or the start of an id", async () => {
  const { home, listed } = await pool();
  const names = "work ada bob cleo dora emil @example.com";
  const words = listed.flatMap(({ id, accountId }) =>
    [id, accountId].flatMap((opaque) =>
      [2, 3].flatMap((size) => [0, 1, 5].map((at) => opaque.slice(at, at + size))),
    ),
  );
  const wanted = [...new Set(words)].filter((word) => !names.includes(word) && !/^\d+$/.test(word));
  expect(wanted.length).toBeGreaterThan(30);
  const hits = [];
  for (const word of wanted) hits.push([word, await hit(home, word, "use-here")]);
  expect(hits.filter(([, code]) => code !== "account_not_found")).toEqual([]);
});

test("the inside of an id means nobody, however long; its start does from four characters on", async () => {
  const { home, listed } = await pool();
  for (const { id, accountId } of listed)
    for (const opaque of [id, accountId]) {
      expect([opaque, await hit(home, opaque.slice(1, 11), "use-here")]).toEqual([
        opaque,
        "account_not_found",
      ]);
      const start = opaque.slice(0, 6);
      if (!/^\d+$/.test(start)) expect([start, await hit(home, start, "use-here")]).toEqual([start, "found"]);
      expect([opaque, await hit(home, opaque, "use-here")]).toEqual([opaque, "found"]);
    }
});

test("a part of a label or e-mail still means its account", async () => {
  const { home } = await pool();
  for (const [word, code] of [
    ["wor", "found"],
    ["cle", "found"],
    ["emil@ex", "found"],
    ["example", "ambiguous_account"],
  ] as const)
    expect([word, await hit(home, word, "use-here")]).toEqual([word, code]);
});

test("remove takes rows, whole names and whole ids, and tells what a part would have meant", async () => {
  const { home, listed } = await pool();
  const before = home.read("codex-auth/pool.json");
  const [, bob] = listed;
  for (const word of [
    "wor",
    "cle",
    "emil@ex",
    bob?.id.slice(0, 6) ?? "",
    bob?.accountId.slice(0, 13) ?? "",
  ]) {
    const { code, stderr } = await runFake(home, ["remove", word, "--json"]);
    expect([word, code]).toEqual([word, 1]);
    expect(stderr).toContain("remove takes a row, a whole name or a whole id");
  }
  expect(home.read("codex-auth/pool.json")).toBe(before);
  const cleo = await runFake(home, ["remove", "cle", "--json"]);
  expect(JSON.parse(cleo.stdout)).toMatchObject({
    error: { code: "account_not_found", candidates: [expect.stringContaining("cleo@example.com")] },
  });
  for (const word of ["work", "CLEO@example.com", bob?.id ?? "", listed[3]?.accountId ?? ""])
    expect([word, (await runFake(home, ["remove", word])).code]).toEqual([word, 0]);
  expect((await runFake(home, ["remove", "1"])).code).toBe(0);
});

test("a control character in a word or a name is shown as an escape in the line that helps", async () => {
  const home = new TestHome();
  home.write("logins/a.json", forgeAuthJson({ email: "tab\there@example.com" }));
  await runFake(home, ["import", home.file("logins")]);
  const { stderr } = await runFake(home, ["switch", "x\ty"]);
  expect(stderr).toContain("No account is called x\\u0009y.");
  expect(stderr).toContain("tab\\u0009here@example.com");
  expect(stderr).not.toContain("\t");
});

// "See the accounts: codex auth list" led to a list of none.
test.each(["label 1 work", "remove ada", "forecast ada", "pause -"])(
  "%s without any account says how to add one",
  async (line) => {
    const { code, stderr } = await runFake(new TestHome(), line.split(" "));
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("There are no accounts yet. Add one: codex auth login"),
    ]);
  },
);

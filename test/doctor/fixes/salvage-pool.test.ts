import * as fs from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { salvagePool } from "../../../src/doctor/fixes/salvage-pool.ts";
import { poolText } from "../../../src/pool/pool.ts";
import { accountOf } from "../../support/store-changes.ts";
import { type Home, homeWith, poolOf, seat, storeOf } from "../../support/store-home.ts";

async function poolOfThree(): Promise<{ home: Home; text: string }> {
  const home = await homeWith(["a", "b", "c"]);
  return { home, text: fs.readFileSync(home.paths.poolFile, "utf8") };
}

function salvaged(home: Home, text: string) {
  return salvagePool(storeOf(home), text, Date.now());
}

function backUp({ paths }: Home, text: string): void {
  fs.mkdirSync(paths.backupsDir, { recursive: true });
  fs.writeFileSync(join(paths.backupsDir, "pool-20200101T000000000Z-r9.json"), text);
}

const emails = (pool: { accounts: { login: { email: string | null } }[] } | undefined) =>
  pool?.accounts.map(({ login }) => login.email?.slice(0, 1)).join("");

test("cut off anywhere, every account that stood there whole is read, with its label", async () => {
  const { home, text } = await poolOfThree();
  const ends = text
    .split("\n")
    .slice(1, 4)
    .map((line) => text.indexOf(line) + line.replace(/,$/, "").length);
  for (let length = 0; length < text.length; length += 7) {
    const found = salvaged(home, text.slice(0, length));
    const whole = ends.filter((end) => end <= length).length;
    expect(found?.read, `cut at ${length}`).toBeGreaterThanOrEqual(whole);
    for (const [index, name] of ["a", "b", "c"].slice(0, whole).entries())
      expect(found?.pool.accounts[index]?.label).toBe(`label-${name}`);
  }
});

test("what is missing comes from a backup, and nothing when nothing is missing", async () => {
  const { home, text } = await poolOfThree();
  backUp(home, text);
  const torn = salvaged(home, text.slice(0, text.indexOf('"label-b"')));
  expect([emails(torn?.pool), torn?.read, torn?.added, torn?.pool.revision]).toEqual(["abc", 1, 2, 1]);
  const [head = "", a = "", b = "", c = ""] = text.split("\n");
  const removed = [head.replace('"revision":1', '"revision":"1"'), a, b.replace(/,$/, ""), "]}\n"].join("\n");
  expect(c).not.toBe("");
  expect(emails(salvaged(home, removed)?.pool)).toBe("ab");
});

test("a damaged backup is passed over for an older one", async () => {
  const { home, text } = await poolOfThree();
  backUp(home, text);
  fs.writeFileSync(join(home.paths.backupsDir, "pool-20260101T000000000Z-r9.json"), text.slice(0, 99));
  const found = salvaged(home, "");
  expect([emails(found?.pool), found?.backup]).toEqual(["abc", "pool-20200101T000000000Z-r9"]);
});

test("an older token of the backup never replaces a newer one, and a newer one does", async () => {
  const { home, text } = await poolOfThree();
  const withToken = (refreshToken: string, issuedAt: number) => {
    const pool = poolOf(home);
    accountOf({ pool } as never, "label-a").auth = seat("a", { refreshToken, issuedAt });
    return poolText(pool);
  };
  const now = Math.floor(Date.now() / 1000);
  const cut = (whole: string) => whole.slice(0, whole.indexOf('"label-c"'));
  backUp(home, withToken("rt_older", now - 5000));
  expect(salvaged(home, cut(text))?.pool.accounts[0]?.login.refreshToken).toMatch(/^rt_user-a/);
  backUp(home, withToken("rt_newer", now + 50));
  expect(salvaged(home, cut(text))?.pool.accounts[0]?.login.refreshToken).toBe("rt_newer");
});

test("keys of a later version in the head survive, and a later format is left alone", async () => {
  const { home, text } = await poolOfThree();
  const later = text.replace('"revision":1', '"revision":"1","pin":{"id":"x"}');
  expect(salvaged(home, later)?.pool.extra).toEqual({ pin: { id: "x" } });
  expect(salvaged(home, text.replace('"version":1', '"version":2').slice(0, -5))).toBe(null);
});

test("laid out by an editor, torn or with a comma too much, the accounts are read", async () => {
  const { home, text } = await poolOfThree();
  const laidOut = JSON.stringify(JSON.parse(text), null, 4);
  expect(emails(salvaged(home, laidOut.slice(0, -1))?.pool)).toBe("abc");
  expect(emails(salvaged(home, laidOut.replace(/\}\s*\]\s*\}\s*$/, "},]}"))?.pool)).toBe("abc");
  expect(emails(salvaged(home, laidOut.slice(0, laidOut.indexOf('"label-c"')))?.pool)).toBe("ab");
});

test("a token with a stray quote in it is taken for none", async () => {
  const { home, text } = await poolOfThree();
  const at = text.indexOf('"refresh_token":"') + '"refresh_token":"'.length;
  for (const place of [at, at + 4]) {
    const damaged = `${text.slice(0, place)}"${text.slice(place + 1)}`;
    expect(emails(salvaged(home, damaged)?.pool)).toBe("bc");
  }
});

test("whatever was done to the file, it does not throw, and makes no account of nothing", async () => {
  const { home, text } = await poolOfThree();
  const put = fc.constantFrom("", "}", '"', "\n", "{", "\\", ",");
  const edits = fc.array(fc.tuple(fc.nat(text.length - 1), put), { maxLength: 5 });
  fc.assert(
    fc.property(edits, (all) => {
      let damaged = text;
      for (const [at, character] of all) damaged = damaged.slice(0, at) + character + damaged.slice(at + 1);
      const accounts = salvaged(home, damaged)?.pool.accounts ?? [];
      return accounts.length <= 3 && accounts.every(({ login }) => login.refreshToken !== "");
    }),
    { numRuns: 300 },
  );
});

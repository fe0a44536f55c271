import * as fs from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { fingerprint } from "../../../src/pool/account.ts";
import { type Home, homeWith, run, seat, storeOf } from "../../support/store-home.ts";

const names = ["a", "b", "c", "d"];

/** As Windows PowerShell and iconv write it. */
const encodings: [string, (text: string) => Buffer][] = [
  ["UTF-16 with a mark", (text) => Buffer.from(`\uFEFF${text}`, "utf16le")],
  ["UTF-16LE", (text) => Buffer.from(text, "utf16le")],
  ["UTF-16BE", (text) => Buffer.from(text, "utf16le").swap16()],
  ["UTF-8 with a mark", (text) => Buffer.from(`\uFEFF${text}`)],
];

type Encode = (text: string) => Buffer;

function encode(path: string, encoded: Encode): void {
  fs.writeFileSync(path, encoded(fs.readFileSync(path, "utf8")));
}

async function labelsOf(home: Home): Promise<unknown[]> {
  const { accounts } = JSON.parse((await run(home, ["list", "--json"])).stdout) as {
    accounts: { label: string }[];
  };
  return accounts.map(({ label }) => label).sort();
}

const all = names.map((name) => `label-${name}`);

// fix wrote a new pool.json with the one account of the backup, and the others stood in no file that anything read.
test.each(encodings)("a pool.json in %s keeps all its accounts", async (_, encoded) => {
  const home = await homeWith(names);
  encode(home.paths.poolFile, encoded);
  expect(await labelsOf(home)).toEqual(all);
  expect((await run(home, ["fix"])).code).toBe(0);
  expect(await labelsOf(home)).toEqual(all);
  expect((await run(home, ["pause", "label-b"])).code).toBe(0);
  expect(JSON.parse(fs.readFileSync(home.paths.poolFile, "utf8"))).toMatchObject({
    accounts: { length: 4 },
  });
});

test.each(encodings)("of a pool.json in %s that was cut off, what is whole is kept", async (_, encoded) => {
  const home = await homeWith(names);
  encode(home.paths.poolFile, encoded);
  const bytes = fs.readFileSync(home.paths.poolFile);
  fs.writeFileSync(home.paths.poolFile, bytes.subarray(0, -7));
  fs.rmSync(home.paths.backupsDir, { recursive: true, force: true });
  await run(home, ["fix"]);
  expect(await labelsOf(home)).toEqual(all);
});

test.each(encodings)("a backup in %s is restored", async (_, encoded) => {
  const home = await homeWith(names);
  const { name } = await storeOf(home).backUpFiles();
  encode(join(home.paths.backupsDir, name, "pool.json"), encoded);
  encode(join(home.paths.backupsDir, name, "auth.json"), encoded);
  fs.rmSync(home.paths.poolFile);
  fs.rmSync(home.paths.authFile);
  expect((await run(home, ["backup", "restore", name])).code).toBe(0);
  expect(await labelsOf(home)).toEqual(all);
});

test.each(encodings)("new tokens of a killed renewal in %s are taken in", async (_, encoded) => {
  const home = await homeWith(["a"]);
  const store = storeOf(home);
  const { pool } = await store.read();
  const newer = seat("a", { issuedAt: Math.floor(Date.now() / 1000) + 60 });
  store.keepTokens({
    accountId: pool.accounts[0]?.id ?? "",
    spent: fingerprint(pool.accounts[0]?.login.refreshToken ?? ""),
    document: newer,
  });
  const [file = ""] = fs.readdirSync(home.paths.unsavedDir);
  encode(join(home.paths.unsavedDir, basename(file)), encoded);
  await store.transaction("test", () => undefined);
  expect(fs.readFileSync(home.paths.poolFile, "utf8")).toContain(newer.tokens.refresh_token);
});

test.each(encodings)("limits.json in %s keeps what is known", async (_, encoded) => {
  const home = await homeWith(["a"]);
  const store = storeOf(home);
  await store.updateUsage((usage) => void usage.set("x", { limits: [], availability: null }));
  encode(home.paths.usageFile, encoded);
  expect([...store.usage().keys()]).toEqual(["x"]);
});

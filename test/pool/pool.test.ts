import * as fs from "node:fs";
import { expect, test } from "vitest";
import { isOlderVersion, migrate, parsePool, poolText, poolVersion } from "../../src/pool/pool.ts";
import { RenewalScene } from "../support/renewals.ts";
import { homeWith, run, seat } from "../support/store-home.ts";

const steps = [
  (document: Record<string, unknown>) => ({ ...document, version: 2, renamed: document["old"] }),
  (document: Record<string, unknown>) => ({ ...document, version: 3, list: [document["renamed"]] }),
];

test.each([
  { version: 1, expected: { version: 3, old: "x", renamed: "x", list: ["x"] } },
  { version: 2, expected: { version: 3, old: "x", list: [undefined] } },
  { version: 3, expected: { version: 3, old: "x" } },
])("a pool of version $version goes through the steps that it lacks", ({ version, expected }) => {
  expect(migrate({ version, old: "x" }, "pool.json", steps)).toEqual(expected);
});

test.each([0, -1, 1.5, "1", null, undefined])("version %s is no version", (version) => {
  expect(() => migrate({ version }, "pool.json", steps)).toThrow("its version is not a number");
});

test("a version beyond the steps is a newer program's", () => {
  expect(() => migrate({ version: 4 }, "pool.json", steps)).toThrow(
    "pool.json was written by a newer codex-auth (format 4, this one knows 3).",
  );
});

test("only the text of an older version asks for a backup before it is written", () => {
  expect(isOlderVersion(`{"version":${poolVersion - 1},"revision":1}`)).toBe(true);
  expect(isOlderVersion(`{ "version": ${poolVersion} }`)).toBe(false);
});

test("keys of a later version survive a write, at the top and in an account", async () => {
  const home = await homeWith(["a", "b"]);
  const text = fs.readFileSync(home.paths.poolFile, "utf8");
  const odd = '"future":{"__proto__":{"x":1},"list":[1]}';
  const edited = text
    .replace('"revision":1', `"revision":1,${odd}`)
    .replace('"label":"label-a"', `"label":"label-a",${odd}`);
  fs.writeFileSync(home.paths.poolFile, edited);
  expect(await run(home, ["switch", "label-b"])).toMatchObject({ code: 0 });
  expect(fs.readFileSync(home.paths.poolFile, "utf8").split(odd)).toHaveLength(3);
});

test("writing what was read changes nothing", async () => {
  const home = await homeWith(["a", "b", "c"]);
  const text = fs.readFileSync(home.paths.poolFile, "utf8");
  expect(poolText(parsePool(text, "pool.json"))).toBe(text);
});

/** A home whose first account was renewed, so that `old` holds a used-up token; its access token has ended. */
async function renewed(): Promise<{ scene: RenewalScene; old: string }> {
  const scene = await RenewalScene.open(["a", "b"]);
  const old = scene.home.write("old.json", scene.home.read("auth.json"));
  await scene.succeed(["token", "a@example.com"]);
  await scene.succeed(["switch", "b@example.com"]);
  return { scene, old };
}

// The fingerprints of used-up tokens went with the account, so an old file that was imported later brought one back,
// and the next renewal sent it to the issuer: that ends the whole login there.
test("a used-up token of an account that was removed is not sent again when an old file is imported", async () => {
  const { scene, old } = await renewed();
  await scene.succeed(["remove", "a@example.com"]);
  const imported = await scene.run(["import", old]);
  expect(imported.stdout).toContain("its refresh token is used up");
  for (const line of [
    "token a@example.com",
    "check a@example.com",
    "verify-flagged",
    "exec a@example.com -- true",
  ])
    await scene.run(line.split(" "));
  expect(scene.fake.issuer.reuses).toBe(0);
  expect((await scene.run(["token", "a@example.com"])).stderr).toContain("used up");
});

test("the newer login comes back with the backup, and is renewed again", async () => {
  const { scene, old } = await renewed();
  await scene.succeed(["remove", "a@example.com"]);
  await scene.run(["import", old]);
  await scene.succeed(["backup", "restore", await newestWith(scene, "_2")]);
  const { accounts } = parsePool(scene.home.read("codex-auth/pool.json"), "");
  const account = accounts.find(({ login }) => login.email === "a@example.com");
  expect(account).toMatchObject({
    flag: null,
    login: { refreshToken: scene.fake.issuer.newestToken("a@example.com") },
  });
  expect(scene.fake.issuer.reuses).toBe(0);
});

test("a backup from before a renewal brings no used-up token back into use", async () => {
  const { scene } = await renewed();
  const backup = await newestWith(scene, "_1");
  await scene.succeed(["remove", "a@example.com"]);
  await scene.succeed(["backup", "restore", backup]);
  await scene.run(["token", "a@example.com"]);
  await scene.run(["verify-flagged"]);
  expect(scene.fake.issuer.reuses).toBe(0);
});

test("a switch that takes an old login out of auth.json does not send its token either", async () => {
  const { scene, old } = await renewed();
  await scene.succeed(["remove", "a@example.com"]);
  scene.home.write("auth.json", scene.home.read(old.slice(scene.home.path.length + 1)));
  await scene.succeed(["switch", "b@example.com"]);
  await scene.run(["token", "a@example.com"]);
  expect(scene.fake.issuer.reuses).toBe(0);
});

test("a new login of an account that was removed is a healthy one", async () => {
  const { scene } = await renewed();
  await scene.succeed(["remove", "a@example.com"]);
  const fresh = scene.home.write("fresh.json", seat("a", { refreshToken: "rt_fresh" }));
  expect((await scene.succeed(["import", fresh])).stdout).not.toContain("used up");
  const { accounts, retired } = parsePool(scene.home.read("codex-auth/pool.json"), "");
  const account = accounts.find(({ login }) => login.email === "a@example.com");
  expect([account?.flag, account?.spent.length, retired.size]).toEqual([null, 1, 0]);
});

test("what is remembered of removed accounts is read as it was written, and bounded", () => {
  const text = poolText({
    ...parsePool(emptyText, ""),
    retired: new Map([
      ["__proto__", ["aa"]],
      ["b", ["x", "y"]],
    ]),
  });
  expect([...parsePool(text, "").retired]).toEqual([
    ["__proto__", ["aa"]],
    ["b", ["x", "y"]],
  ]);
  expect(
    parsePool(emptyText.replace('"version"', '"retired":{"a":"x","b":["y",7]},"version"'), "").retired.size,
  ).toBe(0);
});

const emptyText =
  '{"version":1,"revision":1,"activeId":null,"activeSince":null,"previousId":null,"projection":null,"accounts":[\n\n]}\n';

/** The name of the newest backup in which the account has the token with this ending. */
async function newestWith(scene: RenewalScene, ending: string): Promise<string> {
  const { stdout } = await scene.succeed(["backup", "list", "--json"]);
  const { backups } = JSON.parse(stdout) as { backups: { name: string }[] };
  const found = backups.find(({ name }) =>
    scene.home.read(`codex-auth/backups/${name}.json`).includes(`acct-a_user-a${ending}"`),
  );
  if (!found) throw new Error(`There is no backup with ${ending}.`);
  return found.name;
}

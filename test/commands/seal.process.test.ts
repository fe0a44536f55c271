import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { buildFaultLibrary, countCalls, runWithFault } from "../support/fault-library.ts";
import { RenewalScene } from "../support/renewals.ts";
import { type Home, homeWith, makeHome, run, seat } from "../support/store-home.ts";
import { changesSince, leftovers, pathsBelow, snapshotTree } from "../support/tree.ts";

const library = buildFaultLibrary();
const why = "missing" in library ? ` (skipped: ${library.missing})` : "";
afterAll(() => ("remove" in library ? library.remove() : undefined));

const secret = Buffer.alloc(32, 7).toString("base64");
const tokens = /rt_user-|"refresh_token"/;

/** Three accounts, with a backup, a login that was put aside and new tokens that a killed renewal has left. */
async function homeToSeal(): Promise<Home> {
  const home = await homeWith(["a", "b", "c"]);
  const { backupsDir, displacedDir, unsavedDir } = home.paths;
  await run(home, ["remove", "label-c"]);
  for (const folder of [displacedDir, unsavedDir]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(displacedDir, "x-20261120T120000000Z.json"), JSON.stringify(seat("x")));
  expect(pathsBelow(backupsDir)).toHaveLength(1);
  return home;
}

const keyFile = ({ root }: Home) => join(root, "key");
const withKey = (home: Home) => ({ CODEX_AUTH_KEY_FILE: keyFile(home) });
const sealedWith = (home: Home, args: readonly string[]) => run(home, args, { env: withKey(home) });

async function sealedHome(): Promise<Home> {
  const home = await homeToSeal();
  expect(await sealedWith(home, ["seal"])).toMatchObject({ code: 0 });
  return home;
}

/** Files of ours in which a token can be read. */
function readable(home: Home): string[] {
  return contents(home).filter((text) => tokens.test(text));
}

function contents({ paths }: Home): string[] {
  const { storeDir } = paths;
  const files = pathsBelow(storeDir).filter((path) => statSync(join(storeDir, path)).isFile());
  return files.map((path) => `${path}: ${readFileSync(join(storeDir, path), "utf8")}`);
}

async function labels(home: Home): Promise<string[]> {
  const { stdout } = await sealedWith(home, ["list", "--json"]);
  const { accounts } = JSON.parse(stdout) as { accounts: { label: string | null; email: string }[] };
  return accounts.map(({ label, email }) => label ?? email);
}

test("seal leaves no token readable, makes the key it was told to, and unseal takes it back", async () => {
  const home = await homeToSeal();
  const before = contents(home);
  expect(readable(home)).toHaveLength(3);
  const { stdout, stderr } = await sealedWith(home, ["seal"]);
  expect(stdout).toMatch(/^Sealed 3 files, with key [0-9a-f]{8} from .*\/key\.\n$/);
  expect(stderr).toContain("Keep a copy of it elsewhere");
  expect(statSync(keyFile(home)).mode & 0o777).toBe(0o600);
  expect(readable(home)).toEqual([]);
  expect(await labels(home)).toEqual(["label-a", "label-b"]);
  expect((await sealedWith(home, ["seal"])).stdout).toContain("Everything was sealed already");
  expect((await sealedWith(home, ["unseal"])).stdout).toBe("Opened 3 files.\n");
  expect(contents(home)).toEqual(before);
  expect(await run(home, ["unseal"])).toMatchObject({ code: 0, stdout: "Nothing is sealed.\n" });
});

test("whatever a sealed pool writes is sealed: switches, backups, logins that are put aside, restored pools", async () => {
  const home = await sealedHome();
  for (const args of [
    ["switch", "label-b"],
    ["label", "label-a", "new"],
    ["remove", "new"],
    ["backup", "restore", "latest"],
  ])
    expect(await sealedWith(home, args), args.join(" ")).toMatchObject({ code: 0 });
  expect((await labels(home)).toSorted()).toEqual(["label-b", "new"]);
  expect(readable(home)).toEqual([]);
  // Without its pool, the sealed backups say that it was sealed.
  rmSync(home.paths.poolFile);
  expect(await sealedWith(home, ["backup", "restore", "latest"])).toMatchObject({ code: 0 });
  expect(readable(home)).toEqual([]);
});

const commands = [
  ["list"],
  ["status"],
  ["switch", "label-b"],
  ["token", "label-a"],
  ["exec", "label-a", "--", "true"],
  ["label", "label-a", "new"],
  ["remove", "label-a"],
  ["import"],
  ["export", "label-a", "--format", "codex"],
  ["forecast"],
  ["check"],
  ["backup", "restore", "latest"],
  ["seal"],
  ["unseal"],
  ["uninstall"],
  ["rotation", "start"],
];

test.each([
  ["no key", {}, "seal_key_missing"],
  ["a key file that is missing", { CODEX_AUTH_KEY_FILE: "/nowhere/key" }, "seal_key_missing"],
  ["a key file in the pool's own folder", { CODEX_AUTH_KEY_FILE: "<pool>/key" }, "seal_key_missing"],
  ["a command that fails", { CODEX_AUTH_KEY_COMMAND: "exit 3" }, "seal_key_missing"],
  ["a command that prints nothing", { CODEX_AUTH_KEY_COMMAND: "true" }, "seal_key_missing"],
  ["a word for a key", { CODEX_AUTH_KEY_COMMAND: "echo hunter2" }, "seal_key_missing"],
  [
    "another key",
    { CODEX_AUTH_KEY_COMMAND: `echo ${Buffer.alloc(32, 8).toString("base64")}` },
    "seal_key_wrong",
  ],
])("with %s, every command ends with one clear error and writes nothing", async (_, given, code) => {
  const home = await sealedHome();
  const env = Object.fromEntries(
    Object.entries<string>(given).map(([name, value]) => [
      name,
      value.replace("<pool>", home.paths.storeDir),
    ]),
  );
  const before = snapshotTree(home.dir);
  // One after another shows which; all of them for the first case only.
  for (const args of Object.keys(given).length === 0
    ? commands
    : [["list"], ["switch", "label-b"], ["seal"], ["unseal"]]) {
    const { code: exit, stdout } = await run(home, [...args.slice(0, 1), "--json", ...args.slice(1)], {
      env,
    });
    const document = JSON.parse(stdout) as { error?: { code: string } };
    expect([args[0], exit, document.error?.code]).toEqual([args[0], 1, code]);
  }
  expect((await run(home, ["fix"], { env })).stdout).toContain("[seal_key]");
  expect(changesSince(home.dir, before)).toEqual([]);
  const { stdout } = await run(home, ["doctor", "--only", "store", "--json"], { env });
  const { findings } = JSON.parse(stdout) as { findings: { id: string }[] };
  expect(findings.map(({ id }) => id)).toEqual(["seal_key"]);
});

test("the key may come from a command, as hexadecimal digits too", async () => {
  const home = await homeToSeal();
  const hex = Buffer.from(secret, "base64").toString("hex");
  const env = { CODEX_AUTH_KEY_COMMAND: `printf %s ${secret}` };
  expect(await run(home, ["seal"], { env })).toMatchObject({ code: 0, stderr: "" });
  const other = { CODEX_AUTH_KEY_COMMAND: `printf %s ${hex}` };
  expect(await run(home, ["switch", "label-b"], { env: other })).toMatchObject({ code: 0 });
});

test("a token of a sealed pool is renewed by the process that outlives the command, and kept sealed", async () => {
  const scene = await RenewalScene.open(["a", "b"]);
  const env = { ...scene.env, CODEX_AUTH_KEY_COMMAND: `printf %s ${secret}` };
  expect(await scene.home.run(["seal"], { env })).toMatchObject({ code: 0 });
  for (const account of ["a@example.com", "b@example.com"])
    expect(await scene.home.run(["token", account], { env })).toMatchObject({ code: 0, stderr: "" });
  expect([scene.fake.issuer.refreshes, scene.fake.issuer.reuses]).toEqual([2, 0]);
  const newest = ["a", "b"].map((name) => scene.fake.issuer.newestToken(`${name}@example.com`) ?? "");
  const pool = () => scene.home.read("codex-auth/pool.json");
  expect(newest.filter((token) => pool().includes(token))).toEqual([]);
  expect(await scene.home.run(["unseal"], { env })).toMatchObject({ code: 0 });
  expect(newest.filter((token) => pool().includes(token))).toEqual(newest);
});

test("a changed byte of a sealed pool is told, and a torn one is damaged like any", async () => {
  const home = await sealedHome();
  const { poolFile } = home.paths;
  const text = readFileSync(poolFile, "utf8");
  writeFileSync(
    poolFile,
    text.replace(/"data":"(.)/, (_, first) => `"data":"${first === "A" ? "B" : "A"}`),
  );
  expect((await sealedWith(home, ["list"])).stderr).toContain("its seal does not open");
  writeFileSync(poolFile, text.slice(0, 200));
  const { stdout } = await sealedWith(home, ["list", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: "pool_unreadable" } });
  expect(await sealedWith(home, ["backup", "restore", "latest"])).toMatchObject({ code: 0 });
  expect(await labels(home)).toEqual(["label-a", "label-b", "label-c"]);
  expect(readable(home)).toEqual([]);
});

test.skipIf(why).each([
  ["seal", false],
  ["unseal", true],
])(
  `%s killed at every call that changes a file: nothing is lost, and the next run ends it${why}`,
  async (command, isSealed) => {
    const template = isSealed ? await sealedHome() : await homeToSeal();
    if (!isSealed) writeFileSync(keyFile(template), secret);
    const args = [command];
    const path = "path" in library ? library.path : "";
    const copy = () => {
      const home = makeHome();
      cpSync(template.root, home.root, { recursive: true, preserveTimestamps: true });
      Object.assign(home.env, withKey(home));
      return home;
    };
    const total = await countCalls(copy(), args, path);
    expect(total).toBeGreaterThan(10);
    for (let at = 1; at <= total; at += 1) {
      const home = copy();
      const fault = at % 2 === 0 ? "kill-before" : "kill-after";
      await runWithFault(home, args, { library: path, at, fault });
      const where = `${fault} at call ${at} of ${total}`;
      expect(await labels(home), where).toEqual(["label-a", "label-b"]);
      expect(await sealedWith(home, args), where).toMatchObject({ code: 0 });
      expect(readable(home).length, where).toBe(isSealed ? 3 : 0);
      expect([await labels(home), leftovers(home)], where).toEqual([["label-a", "label-b"], []]);
    }
  },
  600_000,
);

test("an older version takes a sealed pool for one of a newer version, and not for a damaged one", async () => {
  const home = await sealedHome();
  const text = readFileSync(home.paths.poolFile, "utf8");
  expect(JSON.parse(text)).toMatchObject({ version: 1000 });
  expect(existsSync(keyFile(home))).toBe(true);
});

import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { homeWithThree, TestHome } from "../../support/home.ts";
import { snapshotTree } from "../../support/tree.ts";

/** A CODEX_AUTH_DIR beside the home. */
function withStore(home: TestHome) {
  return { env: { CODEX_AUTH_DIR: home.file("mine") } };
}

// Our files were put among those of others, and theirs of our names were taken for ours.
test.each([
  ["a file", { "thesis.txt": "mine" }],
  ["a history of Codex", { "history.jsonl": '{"session_id":"1","ts":1,"text":"hi"}\n' }],
  ["folders that are named as ours", { "sessions/2026/x.jsonl": "{}", "backups/2019.zip": "zip" }],
  ["a hidden file", { ".bashrc": "" }],
])("a CODEX_AUTH_DIR with %s and without a pool is refused, and nothing is put into it", async (_, files) => {
  const home = new TestHome();
  home.writeLogins({ a: {} });
  for (const [name, text] of Object.entries(files)) home.write(`mine/${name}`, text);
  const before = snapshotTree(home.file("mine"));
  for (const line of ["import", "list", "login --with-api-key", "uninstall --yes", "rotation start"]) {
    const { code, stderr } = await home.run(line.split(" "), { ...withStore(home), input: "sk-test-1\n" });
    expect([line, code, stderr]).toEqual([line, 1, expect.stringContaining(home.file("mine"))]);
  }
  expect(snapshotTree(home.file("mine"))).toEqual(before);
  const doctor = await home.run(["doctor", "--json"], withStore(home));
  const { findings } = JSON.parse(doctor.stdout) as { findings: { id: string; severity: string }[] };
  expect(findings).toContainEqual(expect.objectContaining({ id: "store_folder_foreign", severity: "error" }));
});

test.each<[string, (home: TestHome) => void]>([
  ["is missing", () => undefined],
  ["is empty", (home) => fs.mkdirSync(home.file("mine"))],
  [
    "was begun by a command that was killed",
    (home) => fs.mkdirSync(home.file("mine/locks"), { recursive: true }),
  ],
  [
    "has backups of a pool and no pool",
    (home) => home.write("mine/backups/pool-20261121T040000000Z-r1.json", "{}"),
  ],
  [
    "has a damaged pool that was moved aside",
    (home) => home.write("mine/pool.json.broken-20261121T040000000Z", "{"),
  ],
])("a CODEX_AUTH_DIR that %s is taken", async (_, arrange) => {
  const home = new TestHome();
  home.writeLogins({ a: {} });
  arrange(home);
  expect(await home.run(["import"], withStore(home))).toMatchObject({ code: 0 });
});

test("a pool stays usable when others put files beside it, and uninstall leaves them", async () => {
  const home = await homeWithThree();
  await home.run(["import", home.file("logins")], withStore(home));
  await home.run(["switch", "2"], withStore(home));
  const theirs = {
    "history.jsonl": '{"session_id":"1","ts":1,"text":"hi"}\n',
    "limits.json": '{"cpu":4}',
    "proxied-sessions": "a list of\nthings to do\n",
    "rotation.log": "tyres\n",
    "sessions/notes.json": "{}",
    "locks/store.lock.txt": "mine",
    "parked/car.jpg": "car",
    "pool.json.old": "{}",
  };
  for (const [name, text] of Object.entries(theirs)) home.write(`mine/${name}`, text);
  const dry = await home.run(["uninstall", "--dry-run", "--json"], withStore(home));
  const { removed, foreign } = JSON.parse(dry.stdout) as { removed: { path: string }[]; foreign: string[] };
  for (const name of Object.keys(theirs)) {
    expect(foreign, name).toContain(home.file(`mine/${name}`));
    expect(removed.map(({ path }) => path)).not.toContain(home.file(`mine/${name}`));
  }
  expect(await home.run(["uninstall", "--yes", "--forget-accounts"], withStore(home))).toMatchObject({
    code: 0,
  });
  for (const [name, text] of Object.entries(theirs)) expect(home.read(`mine/${name}`)).toBe(text);
  expect(fs.existsSync(home.file("mine/pool.json"))).toBe(false);
});

test("what is ours is known also when a command was killed while it wrote it", async () => {
  const home = await homeWithThree();
  home.write("codex-auth/history.jsonl", '{"t":1,"a":"x","l":"codex","w":300,"p":1,"o":0}\n{"t":2,"a"');
  home.write("codex-auth/limits.json", '{"version":1,"accounts":{}}\n');
  home.write("codex-auth/proxied-sessions", "\n0199-abc\n");
  home.write("codex-auth/sessions/newest.json", "{}");
  await home.run(["uninstall", "--yes", "--forget-accounts"]);
  expect(fs.existsSync(home.file("codex-auth"))).toBe(false);
});

test("a link among our files is nobody's to follow", async () => {
  const home = await homeWithThree();
  home.write("vault/pool.json", "{}");
  fs.symlinkSync(home.file("vault"), home.file("codex-auth/backups-of-mine"));
  fs.rmSync(home.file("codex-auth/backups"), { recursive: true, force: true });
  fs.symlinkSync(home.file("vault"), home.file("codex-auth/backups"));
  await home.run(["uninstall", "--yes", "--forget-accounts"]);
  expect([home.read("vault/pool.json"), fs.existsSync(join(home.file("codex-auth"), "backups"))]).toEqual([
    "{}",
    true,
  ]);
});

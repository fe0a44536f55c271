import * as fs from "node:fs";
import { expect, test } from "vitest";
import { authFileUnread } from "../../../src/doctor/checks/login-unknown.ts";
import type { Facts } from "../../../src/doctor/facts.ts";
import type { KeyringReading } from "../../../src/machine/systems/keyring.ts";
import { forgeAuthJson } from "../../support/forge.ts";
import { homeWithThree } from "../../support/home.ts";
import { homeWith, seat, storeOf, writeAuth } from "../../support/store-home.ts";

// The sentence of the fix was made from that of the fault by a pattern in which a dot meets no line break.
test("what fix does with an unknown login is said whatever its e-mail holds", async () => {
  const home = await homeWithThree();
  home.write(
    "auth.json",
    forgeAuthJson({ email: "stranger\nx@out.example", userId: "user-new", accountId: "new" }),
  );
  const { stdout } = await home.run(["fix", "--dry-run"]);
  expect(stdout).toMatch(/^would do: Take the login in auth\.json \(.*\) into the pool\.$/m);
});

interface Machine {
  /** What lies in auth.json: a seat, or a text; null: nothing. */
  file: string | null;
  mode?: "keyring" | "auto";
  reading?: KeyringReading;
}

/** The pool knows a and b. */
async function look({ file, mode = "keyring", reading = entryOf("a") }: Machine) {
  const home = await homeWith(["a", "b"]);
  if (file === null) fs.rmSync(home.paths.authFile);
  else if (file.length === 1) writeAuth(home, seat(file));
  else fs.writeFileSync(home.paths.authFile, file);
  const slot = { mode, read: () => reading, write: () => "no", remove: () => undefined };
  const store = storeOf(home, { findSlot: () => Promise.resolve(slot) });
  const { live } = await store.read();
  const before = fs.readFileSync(home.paths.poolFile, "utf8");
  const facts = { live, ctx: { fs, store }, paths: home.paths, nowMs: Date.now() } as unknown as Facts;
  const found = await authFileUnread.look(facts);
  expect(fs.readFileSync(home.paths.poolFile, "utf8")).toBe(before);
  return { home, found };
}

function entryOf(name: string): KeyringReading {
  return { kind: "secret", text: JSON.stringify(seat(name)) };
}

test.each<[string, Machine]>([
  ["without an auth.json", { file: null }],
  ["with an auth.json that is no login", { file: "{}{" }],
  [
    "with an auth.json that Codex reads, because the keyring is empty",
    { file: "b", mode: "auto", reading: { kind: "absent" } },
  ],
  ["with a keyring that is locked", { file: "b", reading: { kind: "locked", why: "it is locked" } }],
])("%s there is nothing to say", async (_, machine) => {
  expect((await look(machine)).found).toEqual([]);
});

test.each<[string, Machine]>([
  ["an entry", { file: "b" }],
  ["no entry", { file: "b", reading: { kind: "absent" } }],
  ['an entry and "auto"', { file: "b", mode: "auto" }],
])("with %s, an auth.json that the pool knows may go", async (_, machine) => {
  const { home, found } = await look(machine);
  expect(found).toMatchObject([{ severity: "info", command: expect.stringMatching(/^rm /) as string }]);
  expect(JSON.stringify(found)).toContain(home.paths.authFile);
  expect(JSON.stringify(found)).toContain("b@example.com");
});

test("a login that is nowhere else is to be imported first", async () => {
  const { found } = await look({ file: "c" });
  expect(found).toMatchObject([{ command: expect.stringMatching(/^codex auth import /) as string }]);
  expect(found).not.toMatchObject([{ severity: "info" }]);
});

test("a damaged file that was put aside is not to be deleted while it names an account that the pool lacks", async () => {
  const home = await homeWithThree();
  const whole = home.read("codex-auth/pool.json");
  home.write("codex-auth/pool.json", whole.slice(0, whole.lastIndexOf('"refresh_token"')));
  await home.run(["fix"]);
  const { accounts } = JSON.parse((await home.run(["list", "--json"])).stdout);
  expect(accounts).toHaveLength(2);
  const { findings } = JSON.parse((await home.run(["doctor", "--json"])).stdout);
  const found = findings.filter(({ id }: { id: string }) => id === "files_kept_aside");
  expect(found).toMatchObject([
    { severity: "warning", message: expect.stringContaining("ada@personal.example (pro)") },
  ]);
});

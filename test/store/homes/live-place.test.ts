import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { refreshAccount } from "../../../src/auth/renew/refresh.ts";
import { currentProcess } from "../../../src/machine/processes.ts";
import type { Keyring, KeyringReading } from "../../../src/machine/systems/keyring.ts";
import type { KeyringSlot, StoreContext } from "../../../src/store/context.ts";
import { findSlot } from "../../../src/store/homes/live-place.ts";
import { shadowSlot } from "../../../src/store/rehearsal/shadow-fs.ts";
import type { Store, Transaction } from "../../../src/store/store.ts";
import type { TestHome } from "../../support/home.ts";
import { homeWith, makeHome, seat, storeOf, writeAuth } from "../../support/store-home.ts";

/** A keyring of one entry, with the faults that a test wants. */
class FakeSlot implements KeyringSlot {
  mode: KeyringSlot["mode"] = "keyring";
  text: string | null = null;
  lockedWhy: string | null = null;
  /** Called before each reading, with its number. */
  onRead: (count: number) => void = () => undefined;
  onWrite: (text: string) => string | null = (text) => {
    this.text = text;
    return null;
  };
  #reads = 0;

  read = (): KeyringReading => {
    this.onRead((this.#reads += 1));
    if (this.lockedWhy !== null) return { kind: "locked", why: this.lockedWhy };
    return this.text === null ? { kind: "absent" } : { kind: "secret", text: this.text };
  };
  write = (text: string) => this.onWrite(text);
  remove = () => void (this.text = null);
}

/** The pool knows a and b, and a is in the keyring; there is no auth.json. */
async function scene(): Promise<{ home: TestHome; slot: FakeSlot; store: Store }> {
  const home = await homeWith(["a", "b"]);
  const slot = new FakeSlot();
  slot.text = JSON.stringify(seat("a"));
  fs.rmSync(home.paths.authFile);
  return { home, slot, store: storeWith(home, slot) };
}

function storeWith(home: TestHome, slot: KeyringSlot, more: Partial<StoreContext> = {}): Store {
  return storeOf(home, { findSlot: () => Promise.resolve(slot), ...more });
}

const to = (name: string) => (transaction: Transaction) => {
  const account = transaction.pool.accounts.find(({ login }) => login.email === `${name}@example.com`);
  if (!account) throw new Error(`There is no ${name}.`);
  transaction.activate(account);
};

const emailIn = ({ text }: FakeSlot) => /"account_id":"acct-(\w)"/.exec(text ?? "")?.[1] ?? null;
const poolOf = ({ paths }: TestHome) => fs.readFileSync(paths.poolFile, "utf8");

test("a switch changes the entry of the keyring, and makes no auth.json", async () => {
  const { home, slot, store } = await scene();
  expect((await store.read()).active?.login.email).toBe("a@example.com");
  await store.transaction("switch", to("b"));
  expect(emailIn(slot)).toBe("b");
  expect(slot.text).not.toContain("\n");
  expect(fs.existsSync(home.paths.authFile)).toBe(false);
  expect((await store.read()).active?.login.email).toBe("b@example.com");
});

test("a login that only the keyring has is in the pool before it is replaced", async () => {
  const { slot, store } = await scene();
  slot.text = JSON.stringify(seat("c"));
  await store.transaction("switch", to("b"));
  const { pool } = await store.read();
  expect(pool.accounts.map(({ login }) => login.email)).toContain("c@example.com");
});

test("what Codex renews in the keyring between our last look and the one before is kept", async () => {
  const { slot, store } = await scene();
  const later = Math.floor(Date.now() / 1000) + 60;
  slot.onRead = (count) => {
    if (count === 2) slot.text = JSON.stringify(seat("a", { refreshToken: "rt_renewed", issuedAt: later }));
  };
  await store.transaction("switch", to("b"));
  const { pool } = await store.read();
  expect(pool.accounts.map(({ login }) => login.refreshToken)).toContain("rt_renewed");
  expect(emailIn(slot)).toBe("b");
});

test("a locked keyring refuses a switch, changes nothing, and leaves the list readable", async () => {
  const { home, slot, store } = await scene();
  await store.transaction("fill", () => undefined);
  const before = poolOf(home);
  slot.lockedWhy = "it is locked";
  const refusal = { code: "keyring_unusable", message: expect.stringContaining("it is locked") as string };
  await expect(store.transaction("switch", to("b"))).rejects.toMatchObject(refusal);
  const forced = store.transaction("switch", (transaction) => {
    const [, other] = transaction.pool.accounts;
    if (other) transaction.activate(other, { replaceBroken: true });
  });
  await expect(forced).rejects.toMatchObject(refusal);
  expect(poolOf(home)).toBe(before);
  const { pool, active } = await store.read();
  expect([pool.accounts.length, active]).toEqual([2, null]);
  // Another command may write the pool meanwhile: who is active is not forgotten.
  await store.transaction("label", (transaction) =>
    transaction.pool.accounts.forEach((each) => (each.label = null)),
  );
  expect((await store.read()).pool.activeId).toBe(pool.activeId);
});

test("the token of the login in a locked keyring is not spent: Codex may hold it too", async () => {
  const { slot, store } = await scene();
  await store.transaction("fill", () => undefined);
  slot.lockedWhy = "it is locked";
  const { pool } = await store.read();
  const account = pool.accounts.find(({ id }) => id === pool.activeId);
  if (!account) throw new Error("Nobody is active.");
  const renewal = refreshAccount(
    {
      fetch: () => Promise.reject(new Error("The issuer was asked.")),
      now: Date.now,
      sleep: () => Promise.resolve(),
      env: {},
      fs,
      store,
      self: currentProcess,
      processes: () => [],
      isCancelled: () => false,
    },
    account.id,
    { kind: "rejected", accessToken: account.login.accessToken },
  );
  await expect(renewal).rejects.toMatchObject({ code: "keyring_unusable" });
});

// The program of macOS ends well although nothing was stored.
test.each([
  ["says that it failed", () => "secret-tool could not store it"],
  ["says that it worked", () => null],
])("a write that %s and did nothing leaves the pool as it was", async (_, onWrite) => {
  const { home, slot, store } = await scene();
  await store.transaction("fill", () => undefined);
  const before = poolOf(home);
  slot.onWrite = onWrite;
  await expect(store.transaction("switch", to("b"))).rejects.toMatchObject({ code: "keyring_unusable" });
  expect(poolOf(home)).toBe(before);
  expect(emailIn(slot)).toBe("a");
});

test.each([
  ["was written", true],
  ["was not written", false],
])(
  "a keyring that is gone in the middle of a write that %s: the next command completes it",
  async (_, isWritten) => {
    const { slot, store } = await scene();
    const write = slot.onWrite;
    slot.onWrite = (text) => {
      if (isWritten) slot.text = text;
      slot.lockedWhy = "it did not answer within a minute";
      return "secret-tool could not store it";
    };
    const failure = {
      code: "io_error",
      hint: expect.stringContaining("the next command completes it") as string,
    };
    await expect(store.transaction("switch", to("b"))).rejects.toMatchObject(failure);
    // A command while it is still locked forgets nothing.
    await store.transaction("label", (transaction) =>
      transaction.pool.accounts.forEach((each) => (each.label = null)),
    );
    slot.lockedWhy = null;
    slot.onWrite = write;
    await store.transaction("next", () => undefined);
    expect(emailIn(slot)).toBe("b");
    expect((await store.read()).active?.login.email).toBe("b@example.com");
  },
);

// Measured with Codex 0.171, 0.169 and 0.63: with "auto" an entry that is no login counts as none.
test.each([
  ["a login", JSON.stringify(seat("a")), "keyring"],
  ["none", null, "file"],
  ["no JSON", "not-json", "file"],
  ["an empty text", "", "file"],
  ["an empty login", "{}", "keyring"],
])('with "auto" and %s in the keyring, Codex uses that of the %3$s', async (_, text, kind) => {
  const { home, slot, store } = await scene();
  slot.mode = "auto";
  slot.text = text;
  writeAuth(home, seat("b"));
  expect((await store.read()).live.place.kind).toBe(kind);
});

test('with "auto", a login that Codex moves into the keyring meanwhile is not missed', async () => {
  const { home, slot, store } = await scene();
  slot.mode = "auto";
  slot.text = null;
  writeAuth(home, seat("a"));
  slot.onRead = (count) => {
    if (count === 2) slot.text = JSON.stringify(seat("a"));
  };
  await store.transaction("switch", to("b"));
  expect(emailIn(slot)).toBe("b");
});

test("the file of the prompt says that the login is in the keyring, and follows what Codex does there", async () => {
  const { home, slot, store } = await scene();
  const promptLines = () => {
    const text = fs.readFileSync(home.file("codex-auth/prompt"), "utf8");
    return [text.split("\n")[1], text.split("\n")[7]];
  };
  await store.transaction("switch", to("b"));
  expect(promptLines()).toEqual(["label-b", "keyring"]);
  await store.updateUsage((usage) => usage.clear());
  expect(promptLines()).toEqual(["label-b", "keyring"]);
  // Not the bytes that were there before the switch: they would mean that it was not finished.
  slot.text = JSON.stringify(seat("a"), null, 2);
  await store.read();
  expect(promptLines()).toEqual(["label-a", "keyring"]);
  slot.lockedWhy = "it is locked";
  await store.read();
  expect(promptLines()).toEqual(["label-a", "keyring"]);
  slot.lockedWhy = null;
  slot.text = null;
  await store.read();
  expect(fs.existsSync(home.file("codex-auth/prompt"))).toBe(false);
});

test("a home whose login is in the keyring keeps its pool", async () => {
  const { home, slot } = await scene();
  const other = makeHome();
  const env = { ...other.env, CODEX_AUTH_DIR: home.paths.storeDir };
  const { resolvePaths } = await import("../../../src/machine/paths.ts");
  const paths = resolvePaths(env, other.root, other.root);
  const find = (asked: { codexHome: string }) =>
    Promise.resolve(asked.codexHome === other.path ? null : slot);
  const store = storeOf({ root: other.root, dir: other.dir, env, paths }, { findSlot: find });
  await expect(store.read()).rejects.toMatchObject({
    code: "pool_of_another_home",
    message: expect.stringContaining("its entry in the keyring holds a login of the pool") as string,
  });
});

const keyring: Keyring = {
  read: () => ({ kind: "absent" }),
  write: () => null,
  remove: () => undefined,
};
const features = "features.secret_auth_storage =";

test.each([
  ["", "linux", null],
  ['cli_auth_credentials_store = "file"', "linux", null],
  ['cli_auth_credentials_store = "ephemeral"', "linux", null],
  ['cli_auth_credentials_store = "keyring"', "linux", "keyring absent"],
  ['cli_auth_credentials_store = "auto"', "darwin", "auto absent"],
  [`cli_auth_credentials_store = "keyring"\n${features} true`, "linux", "keyring locked"],
  [`cli_auth_credentials_store = "auto"\n${features} true`, "linux", null],
  ['cli_auth_credentials_store = "keyring"', "win32", "keyring locked"],
  [`cli_auth_credentials_store = "keyring"\n${features} false`, "win32", "keyring absent"],
  ['cli_auth_credentials_store = "keyring"\nmodel = [', "linux", "keyring locked"],
])("config.toml %j on %s: %s", async (config, platform, expected) => {
  const home = makeHome();
  fs.writeFileSync(home.paths.configFile, config);
  const slot = await findSlot({ fs, env: {}, platform, keyring }, home.paths);
  expect(slot && `${slot.mode} ${slot.read().kind}`).toBe(expected);
});

test('with "auto", a login that Codex encrypts is not taken for none', async () => {
  const home = makeHome();
  fs.writeFileSync(home.paths.configFile, `cli_auth_credentials_store = "auto"\n${features} true`);
  fs.mkdirSync(join(home.path, "secrets"));
  fs.writeFileSync(join(home.path, "secrets/codex_auth.age"), "");
  const slot = await findSlot({ fs, env: {}, platform: "linux", keyring }, home.paths);
  expect(slot?.read()).toMatchObject({ kind: "locked", why: expect.stringContaining("codex_auth.age") });
});

test("a rehearsal of fix changes no keyring", () => {
  const slot = new FakeSlot();
  slot.text = "before";
  const shadow = shadowSlot(slot);
  shadow.write("after");
  expect([shadow.read(), slot.text]).toEqual([{ kind: "secret", text: "after" }, "before"]);
  shadow.remove();
  expect([shadow.read().kind, slot.text]).toEqual(["absent", "before"]);
});

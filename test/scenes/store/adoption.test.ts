import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { accountIdOf, fingerprint } from "../../../src/pool/account.ts";
import { adopt } from "../../../src/pool/adopt.ts";
import { forgeJwt, type Login } from "../../support/forge.ts";
import { accountOf, loginOf } from "../../support/store-changes.ts";
import {
  type Home,
  homeWith,
  liveLabel,
  poolOf,
  seat,
  storeOf,
  writeAuth,
} from "../../support/store-home.ts";

const now = Math.floor(Date.now() / 1000);

function switchTo(home: Home, label: string): Promise<void> {
  return storeOf(home).transaction("switch", (transaction) =>
    transaction.activate(accountOf(transaction, label)),
  );
}

function touchPool(home: Home): Promise<void> {
  return storeOf(home).transaction("test", () => undefined);
}

function liveDocument({ paths }: Home): Record<string, unknown> {
  return JSON.parse(fs.readFileSync(paths.authFile, "utf8")) as Record<string, unknown>;
}

function heldToken(home: Home, label: string): string | undefined {
  return poolOf(home).accounts.find((account) => account.label === label)?.login.refreshToken;
}

function displacedTokens({ paths }: Home): string[] {
  if (!fs.existsSync(paths.displacedDir)) return [];
  return fs.readdirSync(paths.displacedDir).map((name) => {
    const text = fs.readFileSync(join(paths.displacedDir, name), "utf8");
    return loginOf(JSON.parse(text) as Record<string, unknown>).refreshToken;
  });
}

/** Makes `held` what the pool has for a, with b live. */
async function homeHolding(held: Login): Promise<Home> {
  const home = await homeWith(["a", "b"]);
  await storeOf(home).transaction("test", (transaction) => {
    transaction.activate(accountOf(transaction, "label-b"));
    const account = accountOf(transaction, "label-a");
    account.auth = seat("a", held);
  });
  return home;
}

test("A -> B -> A restores A with every key that Codex or somebody else wrote", async () => {
  const home = await homeWith(["a", "b"]);
  const { tokens, ...rest } = seat("a", { issuedAt: now + 1, refreshToken: "rt_a2" });
  const provenance = { issuer: "https://auth.example", client_id: "app" };
  const document = {
    future: { deep: [1, null, { __proto__x: true }] },
    ...rest,
    tokens: { ...tokens, oauth_provenance: provenance, login_owner_id: "owner", extra: "kept" },
    agent_identity: null,
  };
  writeAuth(home, document);
  await switchTo(home, "label-b");
  expect(liveLabel(home)).toBe("label-b");
  await switchTo(home, "label-a");
  expect(liveDocument(home)).toEqual(document);
  expect(Object.keys(liveDocument(home))).toEqual(Object.keys(document));
});

const held: Login = {
  issuedAt: now,
  expiresInSec: 3600,
  refreshToken: "rt_held",
  lastRefresh: "2026-01-01T00:00:00Z",
};
const duel: { found: string; login: Login; wins: boolean }[] = [
  { found: "issued later", login: { issuedAt: now + 1 }, wins: true },
  {
    found: "issued later, although refreshed earlier",
    login: { issuedAt: now + 1, lastRefresh: "2025-01-01T00:00:00Z" },
    wins: true,
  },
  { found: "issued earlier", login: { issuedAt: now - 1 }, wins: false },
  {
    found: "issued earlier, although refreshed later",
    login: { issuedAt: now - 1, lastRefresh: "2027-01-01T00:00:00Z" },
    wins: false,
  },
  { found: "issued together, lasting longer", login: { expiresInSec: 3601 }, wins: true },
  { found: "issued together, lasting shorter", login: { expiresInSec: 3599 }, wins: false },
  {
    found: "issued together, refreshed later",
    login: { lastRefresh: "2026-01-01T00:00:00.002Z" },
    wins: true,
  },
  {
    found: "issued together, refreshed earlier",
    login: { lastRefresh: "2025-12-31T23:59:59Z" },
    wins: false,
  },
];

test.each(duel)(
  "a login $found than the pool's: the newer one is kept, the other parked",
  async ({ login, wins }) => {
    const home = await homeHolding(held);
    writeAuth(home, seat("a", { ...held, refreshToken: "rt_found", ...login }));
    // The time of a file says nothing about the token in it.
    fs.utimesSync(home.paths.authFile, wins ? 1 : now + 9999, wins ? 1 : now + 9999);
    await switchTo(home, "label-b");
    expect(heldToken(home, "label-a")).toBe(wins ? "rt_found" : "rt_held");
    expect(displacedTokens(home)).toEqual([wins ? "rt_held" : "rt_found"]);
    expect(poolOf(home).accounts.map(({ label }) => label)).toEqual(["label-a", "label-b"]);
  },
);

test("the same login is parked once, however often it loses", async () => {
  const home = await homeHolding(held);
  for (let round = 0; round < 3; round += 1) {
    writeAuth(home, seat("a", { ...held, issuedAt: now - 9, refreshToken: "rt_old" }));
    await switchTo(home, "label-b");
  }
  expect(displacedTokens(home)).toEqual(["rt_old"]);
});

test("a token that is known to be used up never wins, and is not parked", async () => {
  const home = await homeHolding(held);
  await storeOf(home).transaction("test", (transaction) => {
    accountOf(transaction, "label-a").spent.push(fingerprint("rt_spent"));
  });
  writeAuth(home, seat("a", { issuedAt: now + 99, refreshToken: "rt_spent" }));
  await switchTo(home, "label-b");
  expect(heldToken(home, "label-a")).toBe("rt_held");
  expect(displacedTokens(home)).toEqual([]);
});

test("a login whose token the pool knows to be used up loses to an older one", async () => {
  const home = await homeHolding(held);
  await storeOf(home).transaction("test", (transaction) => {
    accountOf(transaction, "label-a").spent.push(fingerprint("rt_held"));
  });
  writeAuth(home, seat("a", { issuedAt: now - 99, refreshToken: "rt_older" }));
  await switchTo(home, "label-b");
  expect(heldToken(home, "label-a")).toBe("rt_older");
});

test("a lease, which has no refresh token, never displaces a login that can renew itself", async () => {
  const home = await homeHolding(held);
  const lease = { ...seat("a", { issuedAt: now + 99, refreshToken: "" }), auth_mode: "chatgptAuthTokens" };
  writeAuth(home, lease);
  await touchPool(home);
  expect(liveDocument(home)).toEqual(lease);
  expect(poolOf(home).activeId).toBe(accountIdOf(loginOf(lease).identity));
  await switchTo(home, "label-b");
  expect(heldToken(home, "label-a")).toBe("rt_held");
  await switchTo(home, "label-a");
  expect(liveDocument(home)["tokens"]).toMatchObject({ refresh_token: "rt_held" });
});

test("a chimera (A's tokens under B's account_id) goes to A, repaired, and B stays what it was", async () => {
  const home = await homeHolding(held);
  const b = heldToken(home, "label-b");
  const fresh = seat("a", { issuedAt: now + 9, refreshToken: "rt_chimera" });
  writeAuth(home, { ...fresh, tokens: { ...fresh.tokens, account_id: "acct-b" } });
  await switchTo(home, "label-b");
  expect(heldToken(home, "label-a")).toBe("rt_chimera");
  expect(heldToken(home, "label-b")).toBe(b);
  await switchTo(home, "label-a");
  expect(liveDocument(home)).toEqual(fresh);
});

test("an unknown login becomes an account before it is overwritten, and the one to come back to", async () => {
  const home = await homeWith(["a", "b"]);
  writeAuth(home, seat("x"));
  await touchPool(home);
  expect(poolOf(home).accounts).toHaveLength(2);
  expect(poolOf(home).activeId).toBeNull();
  await switchTo(home, "label-b");
  const { accounts, previousId } = poolOf(home);
  expect(accounts.map(({ login }) => login.email)).toEqual([
    "a@example.com",
    "b@example.com",
    "x@example.com",
  ]);
  expect(previousId).toBe(accounts[2]?.id);
});

test("an API key that nobody knows is kept too", async () => {
  const home = await homeWith(["a", "b"]);
  const document = { OPENAI_API_KEY: "sk-made-up", future: 1 };
  writeAuth(home, document);
  await switchTo(home, "label-b");
  expect(poolOf(home).accounts[2]?.auth).toEqual(document);
});

// Found here: an import or a restore that made the live login known took the tokens of the file, and those in
// auth.json, which were newer, came into the pool only with the next command.
test("importing an old copy of the unknown live login takes its newer tokens from auth.json", async () => {
  const { adopt } = await import("../../../src/pool/adopt.ts");
  const home = await homeWith(["a"]);
  writeAuth(home, seat("x", { issuedAt: now, refreshToken: "rt_new" }));
  await storeOf(home).transaction("import", ({ pool }) => {
    adopt(pool, loginOf(seat("x", { issuedAt: now - 99, refreshToken: "rt_old" })), {
      nowMs: 0,
      tie: "pool",
    }).account.label = "x";
  });
  expect(heldToken(home, "x")).toBe("rt_new");
  expect(displacedTokens(home)).toEqual(["rt_old"]);
});

// Found here: what lost was parked only when the pool changed too. New tokens for an account that was removed while it
// was renewed changed nothing, and their rescue file, the only place that had them, was then deleted.
test("new tokens of an account that was removed meanwhile are kept, though nothing else changes", async () => {
  const { writeUnsaved } = await import("../../../src/store/files/aside.ts");
  const home = await homeWith(["a"]);
  const document = seat("x", { refreshToken: "rt_only_copy" });
  writeUnsaved(fs, home.paths.unsavedDir, {
    accountId: accountIdOf(loginOf(document).identity),
    spent: fingerprint("rt_spent"),
    document,
  });
  const before = fs.readFileSync(home.paths.poolFile, "utf8");
  await touchPool(home);
  expect(fs.readFileSync(home.paths.poolFile, "utf8")).toBe(before);
  expect(displacedTokens(home)).toEqual(["rt_only_copy"]);
});

/** Tokens whose times prove nothing, each as good as the other to whoever makes them up. */
const forged: [string, Login][] = [
  ["issued in 2100", { issuedAt: 4_102_444_800, refreshToken: "rt_forged" }],
  ["issued in six minutes", { issuedAt: now + 360, refreshToken: "rt_forged" }],
  [
    "issued with the other, and renewed in 2100",
    { ...held, lastRefresh: "2100-01-01T00:00:00Z", refreshToken: "rt_forged" },
  ],
];

// The pool took the forged time for newer than anything that Codex would ever get, and kept it for good.
test.each(forged)("a forged login %s does not replace a good one by import", async (_, login) => {
  const home = await homeHolding(held);
  const { outcome, displaced } = await importInto(home, seat("a", login));
  expect([outcome, displaced === null]).toEqual(["kept", false]);
  expect(heldToken(home, "label-a")).toBe("rt_held");
});

test.each(forged)("a genuine renewal in auth.json replaces a forged login %s", async (_, login) => {
  const home = await homeHolding(login);
  await switchTo(home, "label-a");
  writeAuth(home, seat("a", { issuedAt: now + 1, refreshToken: "rt_genuine" }));
  await switchTo(home, "label-b");
  expect(heldToken(home, "label-a")).toBe("rt_genuine");
  expect(displacedTokens(home)).toEqual(["rt_forged"]);
});

test.each(forged)("an import brings the good login back over a forged one %s", async (_, login) => {
  const home = await homeHolding(login);
  expect((await importInto(home, seat("a", { ...held, issuedAt: now + 1 }))).outcome).toBe("updated");
  expect(heldToken(home, "label-a")).toBe("rt_held");
});

test("a forged login without a time of issue does not replace a good one, and does not stay over one", async () => {
  const { tokens, ...rest } = seat("a", { refreshToken: "rt_forged" });
  const claims = JSON.parse(Buffer.from(tokens.access_token.split(".")[1] ?? "", "base64url").toString());
  const token = forgeJwt({ ...(claims as object), iat: undefined, exp: 4_102_444_800 });
  const timeless = { ...rest, tokens: { ...tokens, access_token: token, id_token: token } };
  const home = await homeHolding(held);
  expect((await importInto(home, timeless)).outcome).toBe("kept");
  await storeOf(home).transaction(
    "test",
    (transaction) => void (accountOf(transaction, "label-a").auth = timeless),
  );
  expect((await importInto(home, seat("a", held))).outcome).toBe("updated");
  expect(heldToken(home, "label-a")).toBe("rt_held");
});

// A machine whose clock has stood still while it slept: what Codex has just got must not be taken for forged.
test("what Codex got while the clock is behind is taken in all the same", async () => {
  const home = await homeHolding(held);
  await switchTo(home, "label-a");
  writeAuth(home, seat("a", { issuedAt: now + 7200, refreshToken: "rt_renewed" }));
  await switchTo(home, "label-b");
  expect(heldToken(home, "label-a")).toBe("rt_renewed");
  await switchTo(home, "label-a");
  writeAuth(home, seat("a", { issuedAt: now + 9000, refreshToken: "rt_again" }));
  await switchTo(home, "label-b");
  expect(heldToken(home, "label-a")).toBe("rt_again");
});

function importInto(home: Home, document: object) {
  return storeOf(home).transaction("import", (transaction) => {
    const adoption = adopt(transaction.pool, loginOf({ ...document }), { nowMs: Date.now(), tie: "pool" });
    if (adoption.displaced) transaction.keepDisplaced(adoption.displaced);
    return adoption;
  });
}

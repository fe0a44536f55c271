import { spawnSync } from "node:child_process";
import {
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { turnReply } from "../support/openai/backend.ts";
import type { FakeOpenAI, FakeReply, FakeRequest } from "../support/openai/server.ts";
import { root } from "./install.mjs";
import { codexVersion, environment, runCodex, runCodexAuth, runTurn } from "./support/codex.ts";
import { expireAccessToken, readAuthJson, startFake, temporaryHome, writeAuthJson } from "./support/home.ts";

const authOf = (home: string) => join(home, "auth.json");
const [a, b] = ["a", "b"].map((name) => ({
  email: `${name}@example.com`,
  accountId: `acct-${name}`,
  userId: `user-${name}`,
})) as [Who, Who];
type Who = { email: string; accountId: string; userId: string };

/** Takes a turn only with a token that has not ended, of the workspace that the request names. */
function strictTurn({ headers }: FakeRequest): FakeReply {
  const [, payload = ""] = (headers.authorization ?? "").split(".");
  const refuse = (why: string) => ({ status: 400, body: why, headers: { "content-type": "text/plain" } });
  if (payload === "") return refuse("no token was sent");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
  const auth = claims["https://api.openai.com/auth"] as { chatgpt_account_id: string };
  if (Number(claims["exp"]) * 1000 < Date.now()) return refuse("the token has ended");
  if (headers["chatgpt-account-id"] !== auth.chatgpt_account_id) return refuse("another workspace");
  return turnReply();
}

interface Place {
  fake: FakeOpenAI;
  home: string;
}

/** A home with the accounts a and b, a live, against a backend that looks at the login. */
async function openPlace(): Promise<Place> {
  const fake = await startFake();
  fake.routes.turn = strictTurn;
  const home = temporaryHome(fake.issuer.issue(a));
  writeAuthJson(join(home, "../b.json"), fake.issuer.issue(b));
  expect(await runCodexAuth(["import", authOf(home), "../b.json"], { home })).toMatchObject({ status: 0 });
  return { fake, home };
}

async function works({ fake, home }: Place): Promise<string> {
  const { status, stdout, stderr } = await runTurn(codexVersion, fake, home);
  return status === 0 && stdout === "hello\n" ? "works" : `fails: ${stderr}`;
}

interface Fault {
  name: string;
  /** The finding that tells of it. */
  id: string;
  arrange: (place: Place) => void | Promise<void>;
}

/** Each stops Codex, and is mended by `fix`. */
const mended: Fault[] = [
  { name: "torn", id: "auth_file_unreadable", arrange: ({ home }) => truncateSync(authOf(home), 300) },
  { name: "empty", id: "auth_file_unreadable", arrange: ({ home }) => truncateSync(authOf(home), 0) },
  {
    name: "a last_refresh that is a number",
    id: "auth_file_unreadable",
    arrange: ({ home }) => writeDocument(home, { ...readAuthJson(home), last_refresh: 5 }),
  },
  { name: "an empty object", id: "auth_file_blank", arrange: ({ home }) => writeDocument(home, {}) },
  {
    name: "no last_refresh",
    id: "last_refresh_missing",
    arrange: ({ home }) => writeDocument(home, { ...readAuthJson(home), last_refresh: undefined }),
  },
  {
    name: "the workspace id of another account",
    id: "account_id_mismatch",
    arrange: ({ home }) => {
      const document = readAuthJson(home);
      writeDocument(home, { ...document, tokens: { ...document.tokens, account_id: "acct-b" } });
    },
  },
  {
    name: "a hard link, when a renewal is due",
    id: "auth_file_hard_linked",
    arrange: ({ home }) => {
      expireAccessToken(home);
      linkSync(authOf(home), join(home, "../other-name.json"));
    },
  },
  {
    name: "a folder where Codex locks, when a renewal is due",
    id: "auth_lock_blocked",
    arrange: ({ home }) => {
      expireAccessToken(home);
      putFolder(join(home, "auth.json.lock"));
    },
  },
  {
    name: "a folder at the other lock, when a renewal is due",
    id: "auth_lock_blocked",
    arrange: ({ home }) => {
      expireAccessToken(home);
      putFolder(join(home, "auth.lock"));
    },
  },
  {
    name: "an older login, whose token is spent",
    id: "auth_file_older",
    arrange: async (place) => {
      const { home } = place;
      expireAccessToken(home);
      const spent = readFileSync(authOf(home));
      expect(await works(place)).toBe("works");
      expect(await runCodexAuth(["label", a.email, "first"], { home })).toMatchObject({ status: 0 });
      writeFileSync(authOf(home), spent);
    },
  },
  {
    name: "a login without its refresh token, when a renewal is due",
    id: "auth_file_older",
    arrange: async ({ home }) => {
      expireAccessToken(home);
      expect(await runCodexAuth(["label", a.email, "first"], { home })).toMatchObject({ status: 0 });
      const document = readAuthJson(home);
      writeDocument(home, { ...document, tokens: { ...document.tokens, refresh_token: "" } });
    },
  },
];

function writeDocument(home: string, document: object): void {
  writeFileSync(authOf(home), JSON.stringify(document, null, 2), { mode: 0o600 });
}

/** As another tool left it long ago. */
function putFolder(path: string): void {
  rmSync(path, { force: true });
  mkdirSync(path);
  utimesSync(path, 0, 0);
}

interface Doctor {
  findings: { id: string; severity: string; fix: string | null }[];
}

async function doctor(home: string): Promise<Doctor["findings"]> {
  // Whether there is a codex on PATH is no matter here.
  const areas = ["credentials", "config", "store"];
  const { stdout } = await runCodexAuth(["doctor", "--only", ...areas, "--json"], { home });
  return (JSON.parse(stdout) as Doctor).findings;
}

test.each(mended)("$name: codex fails before fix, and works after it", async ({ arrange, id }) => {
  // Codex may burn the token when it fails, so the two have homes of their own.
  const [broken, place] = [await openPlace(), await openPlace()];
  await arrange(broken);
  expect(await works(broken)).toMatch(/^fails/);
  await arrange(place);
  expect((await doctor(place.home)).map((each) => each.id)).toContain(id);
  expect(await runCodexAuth(["fix"], place)).toMatchObject({ status: 0 });
  expect((await doctor(place.home)).filter(({ severity }) => severity === "error")).toEqual([]);
  expect(await works(place)).toBe("works");
  expect(place.fake.issuer.reuses).toBe(0);
});

/** Each stops Codex, and ends with the commands that `doctor` names. */
const told: Fault[] = [
  { name: "no auth.json", id: "not_logged_in", arrange: ({ home }) => rmSync(authOf(home)) },
  {
    name: "a link that leads nowhere",
    id: "auth_link_broken",
    arrange: ({ home }) => {
      rmSync(authOf(home));
      symlinkSync("../vault.json", authOf(home));
    },
  },
  {
    name: "a loop of links",
    id: "auth_link_broken",
    arrange: ({ home }) => {
      rmSync(authOf(home));
      symlinkSync("auth.json", authOf(home));
    },
  },
  {
    name: "a folder",
    id: "auth_file_not_regular",
    arrange: ({ home }) => {
      rmSync(authOf(home));
      mkdirSync(authOf(home));
    },
  },
];

test.each(told)(
  "$name: codex fails before, and works after the commands of doctor",
  async ({ arrange, id }) => {
    const place = await openPlace();
    await arrange(place);
    expect(await works(place)).toMatch(/^fails/);
    expect((await doctor(place.home)).map((each) => each.id)).toContain(id);
    for (let step = 0; step < 3; step += 1) {
      const worst = (await doctor(place.home)).find(({ severity }) => severity === "error");
      if (worst) follow(place.home, worst.fix ?? "");
    }
    expect(await works(place)).toBe("works");
  },
);

/** Types a command as a person would. */
function follow(home: string, command: string): void {
  const ours = `codex() { shift; "${process.execPath}" "${join(root, "bin/codex-auth")}" "$@"; }`;
  const { status, stderr } = spawnSync(
    "sh",
    ["-c", `${ours}\n${command.replaceAll("codex-auth ", "codex auth ")}`],
    {
      env: environment({ home }),
      encoding: "utf8",
    },
  );
  expect([command, status, stderr]).toEqual([command, 0, ""]);
}

test("a key beside the login is normal: codex uses the login, and doctor finds nothing", async () => {
  const place = await openPlace();
  writeDocument(place.home, { ...readAuthJson(place.home), OPENAI_API_KEY: "sk-forged-0123" });
  expect(await works(place)).toBe("works");
  const findings = (await doctor(place.home)).filter(({ severity }) => severity !== "info");
  expect(findings).toEqual([]);
});

test("without auth_mode the key wins, as doctor says", async () => {
  const place = await openPlace();
  const { auth_mode: _, ...document } = readAuthJson(place.home);
  writeDocument(place.home, { ...document, OPENAI_API_KEY: "sk-forged-0123" });
  const { stderr } = await runCodex(codexVersion, ["login", "status"], place);
  expect(stderr).toContain("API key");
  const [finding] = await doctor(place.home);
  expect(finding).toMatchObject({ id: "login_ambiguous" });
  follow(place.home, finding?.fix ?? "");
  expect(await works(place)).toBe("works");
});

test("a torn pool is no matter to codex, and fix brings back every account", async () => {
  const place = await openPlace();
  const pool = join(place.home, "codex-auth/pool.json");
  expect(await runCodexAuth(["remove", b.email], place)).toMatchObject({ status: 0 });
  truncateSync(pool, readFileSync(pool).length - 200);
  expect(await works(place)).toBe("works");
  expect(await runCodexAuth(["list"], place)).toMatchObject({ status: 1 });
  expect(await runCodexAuth(["fix"], place)).toMatchObject({ status: 0 });
  expect(await runCodexAuth(["switch", b.email], place)).toMatchObject({ status: 0 });
  expect(await works(place)).toBe("works");
});

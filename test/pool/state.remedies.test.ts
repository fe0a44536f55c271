import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runFake, testNowMs } from "../support/fake-context.ts";
import { forgeAuthJson } from "../support/forge.ts";
import { projectRoot, TestHome } from "../support/home.ts";

const src = join(projectRoot, "src");

/** Lines of the program that are no comment, and no text of Codex that `explain` is shown. */
function spokenLines(): string[] {
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  return files.flatMap((name) =>
    readFileSync(join(src, name), "utf8")
      .split("\n")
      .filter((line) => !/^\s*(?:\/\/|\/?\*|example:)/.test(line))
      .map((line) => `${name}: ${line.trim()}`),
  );
}

// Both revoke the login that they find, on every machine.
test("nothing that codex-auth says names codex login or codex logout", () => {
  const lines = spokenLines();
  expect(lines.length).toBeGreaterThan(10_000);
  expect(lines.filter((line) => /\bcodex[\s`'"]+log(?:in|out)\b/.test(line))).toEqual([]);
});

const flag = { since: "2026-11-20T10:00:00.000Z", evidence: null };

/** Two accounts that nobody can use: one set aside, one ended without a refresh token. */
async function unusable(reason: string): Promise<{ home: TestHome; ids: string[] }> {
  const home = new TestHome();
  const issuedAt = testNowMs / 1000 - 7200;
  for (const name of ["a", "b"]) {
    const who = { email: `${name}@example.com`, userId: name, accountId: name, issuedAt, expiresInSec: 3600 };
    const document = forgeAuthJson(name === "b" ? { ...who, refreshToken: "" } : who);
    home.write(`logins/${name}.json`, document);
  }
  await runFake(home, ["import", home.file("logins")]);
  const pool = JSON.parse(home.read("codex-auth/pool.json")) as {
    accounts: { id: string; flag: object | null }[];
  };
  const [first] = pool.accounts;
  if (first) first.flag = { reason, ...flag };
  home.write("codex-auth/pool.json", pool);
  return { home, ids: pool.accounts.map(({ id }) => id) };
}

async function documentOf(home: TestHome, line: string) {
  const { stdout } = await runFake(home, [...line.split(" "), "--json"]);
  return JSON.parse(stdout) as {
    accounts: { stateReason: string | null }[];
    findings: { id: string; fix: string | null }[];
    recommendation: { hint: string };
    error: { hint: string };
  };
}

test.each([
  ["used-elsewhere", "codex auth login --account <id>"],
  ["interrupted", "codex auth login --account <id>"],
  ["rejected", "codex auth login --account <id>"],
  ["deactivated", "codex auth verify-flagged"],
  ["reported", "codex auth verify-flagged"],
])("every command names the same way out for an account that is %s: %s", async (reason, command) => {
  const { home, ids } = await unusable(reason);
  const [id = "", other = ""] = ids;
  const wanted = command.replace("<id>", id);
  const { accounts } = await documentOf(home, "list");
  expect(accounts[0]?.stateReason?.endsWith(`: ${wanted}`)).toBe(true);
  const { findings } = await documentOf(home, "report");
  const fixes = findings.filter(({ id: found }) => found.startsWith("login_")).map(({ fix }) => fix);
  expect([...new Set(fixes)]).toEqual(
    expect.arrayContaining([wanted, `codex auth login --account ${other}`]),
  );
  expect(fixes.filter((fix) => fix === "codex auth login")).toEqual([]);
  const { recommendation } = await documentOf(home, "forecast");
  expect(fixes).toContain(recommendation.hint);
});

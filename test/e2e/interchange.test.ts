import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { AuthJson } from "../support/forge.ts";
import { versions } from "./install.mjs";
import { readAccount } from "./support/app-server.ts";
import { codexVersion, type Run, runCodex, runCodexAuth, runTurn } from "./support/codex.ts";
import { expireAccessToken, readAuthJson, startFake, temporaryHome } from "./support/home.ts";

const email = "a@example.com";

/** The same login as three tools keep it; the first two have no id token. */
const forms: Record<string, (tokens: AuthJson["tokens"]) => object> = {
  "codex-multi-auth": ({ access_token: accessToken, refresh_token: refreshToken }) => ({
    version: 3,
    activeIndex: 0,
    accounts: [{ accessToken, refreshToken, email, addedAt: 1, lastUsed: 1 }],
  }),
  opencode: ({ access_token: access, refresh_token: refresh }) => ({
    openai: { type: "oauth", access, refresh, expires: 1, accountId: "acct-a" },
  }),
  cliproxyapi: (tokens) => ({ type: "codex", ...tokens, email }),
};

async function succeed(running: Promise<Run>): Promise<Run> {
  const run = await running;
  expect(run.status === 0 ? "" : `exit ${run.status}: ${run.stderr}`).toBe("");
  return run;
}

async function outcomesOf(home: string, file: string): Promise<string[]> {
  const { stdout } = await succeed(runCodexAuth(["import", file, "--json"], { home }));
  const { results } = JSON.parse(stdout) as { results: { outcome: string }[] };
  return results.map(({ outcome }) => outcome);
}

test.each(Object.entries(forms))(
  "codex works with a login that came from %s, and renews it",
  async (_, write) => {
    const fake = await startFake();
    const home = temporaryHome();
    const { tokens } = fake.issuer.issue({ email, accountId: "acct-a", userId: "user-a" });
    const file = join(home, "../theirs.json");
    writeFileSync(file, JSON.stringify(write(tokens)), { mode: 0o600 });
    expect(await outcomesOf(home, file)).toEqual(["added"]);
    await succeed(runCodexAuth(["switch", email], { home }));
    for (const version of versions) await succeed(runCodex(version, ["login", "status"], { home }));
    // Codex 0.63 takes the e-mail from an id token only, so its app server cannot name two of these before a renewal.
    expect(await readAccount(codexVersion, fake, home)).toMatchObject({ account: { email } });
    await succeed(runTurn(codexVersion, fake, home));
    expect(fake.count("refresh")).toBe(0);
    expireAccessToken(home);
    await succeed(runTurn(codexVersion, fake, home));
    expect(fake.issuer).toMatchObject({ refreshes: 1, reuses: 0 });
    // The store of the other tool is older now: taking it in again brings no spent token back.
    const renewed = readAuthJson(home);
    expect(renewed.tokens.id_token).not.toBe(renewed.tokens.access_token);
    expect(await outcomesOf(home, file)).toEqual(["skipped"]);
    await succeed(runCodexAuth(["switch", email], { home }));
    expect(readAuthJson(home).tokens.refresh_token).toBe(fake.issuer.newestToken(email));
    expect(await readAccount("0.63.0", fake, home)).toMatchObject({ account: { email } });
  },
);

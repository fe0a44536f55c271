import { loginRestriction } from "../../codex/login-restriction.ts";
import type { LoginSettings } from "../../codex/config-toml.ts";
import type { Account } from "../../store/account.ts";
import { accountName } from "../../store/account-name.ts";
import type { Check } from "../check.ts";

export const loginRestricted: Check = {
  id: "login_restricted",
  area: "config",
  severity: "error",
  title: "config.toml forbids the login in auth.json",
  look: ({ config: { settings, faults }, live, snapshot }) => {
    // Codex does not start with a wrong value, so it deletes nothing either.
    if (faults.some(({ path }) => path[0]?.startsWith("forced_"))) return [];
    const restriction = live?.login && settings && loginRestriction(settings, live.login);
    if (!restriction) return [];
    const allowed = allowedAccounts(settings, snapshot?.pool.accounts ?? []);
    const names = allowed.map(accountName).join(", ");
    return [
      {
        message: `The next codex exec would delete auth.json: ${restriction}.`,
        evidence: [
          allowed.length > 0 ? `allowed of the pool: ${names}` : "no account of the pool is allowed",
        ],
        fix: allowed[0] ? `codex auth switch ${allowed[0].id}` : loginCommand(settings),
      },
    ];
  },
};

function loginCommand({ forcedLoginMethod }: LoginSettings): string {
  return forcedLoginMethod === "api" ? "codex auth login --with-api-key" : "codex auth login";
}

/** Those that could be used at once come first. */
function allowedAccounts(settings: LoginSettings, accounts: readonly Account[]): Account[] {
  const allowed = accounts.filter(({ login }) => loginRestriction(settings, login) === null);
  return [...allowed.filter(({ flag }) => !flag), ...allowed.filter(({ flag }) => flag)];
}

import { addressProblem } from "../../upstream/checked-address.ts";
import type { Check } from "../check.ts";

const variables = {
  CODEX_REFRESH_TOKEN_URL_OVERRIDE: "Codex and codex-auth send refresh tokens there",
  CODEX_REVOKE_TOKEN_URL_OVERRIDE: "Codex sends refresh tokens there when it logs out",
  CODEX_APP_SERVER_LOGIN_ISSUER: "logins through an editor go there",
  CODEX_AUTH_ISSUER: "codex-auth signs in and renews tokens there; it is meant for tests",
  CODEX_AUTH_BACKEND: "codex-auth asks there about usage; it is meant for tests",
};

/** Left behind by a test or a trial, such a variable sends tokens to a place that may be nobody's or somebody's. */
export const urlOverride: Check = {
  id: "url_override",
  area: "environment",
  severity: "warning",
  title: "a variable sends tokens elsewhere than to OpenAI",
  look: ({ fx: { env } }) =>
    Object.entries(variables).flatMap(([name, effect]) => {
      const value = env[name];
      if (!value || isOpenAi(value)) return [];
      const problem = addressProblem(value);
      const evidence = [`it names ${hostOf(value)}`, ...(problem === null ? [] : [`refused: ${problem}`])];
      const severity = problem === null ? "warning" : "error";
      return [{ message: `${name} is set: ${effect}.`, evidence, fix: `unset ${name}`, severity }];
    }),
};

function isOpenAi(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return protocol === "https:" && /(?:^|\.)(?:openai|chatgpt)\.com$/.test(hostname);
}

/** The rest of an address may hold a password. */
function hostOf(value: string): string {
  return URL.canParse(value) ? new URL(value).host : "no URL";
}

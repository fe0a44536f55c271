import { configString, type ConfigTree, configValue, isTable } from "../../codex/config/tree.ts";
import { certificateVariable, overrides } from "../../codex/environment.ts";
import { certificateProblem } from "../../machine/certificates.ts";
import { addressProblem } from "../../openai/backend.ts";
import type { DoctorCheck } from "../check.ts";

const variables = {
  CODEX_REFRESH_TOKEN_URL_OVERRIDE: "Codex and codex-auth send refresh tokens there",
  CODEX_REVOKE_TOKEN_URL_OVERRIDE: "Codex sends refresh tokens there when it logs out",
  CODEX_APP_SERVER_LOGIN_ISSUER: "logins through an editor go there",
  CODEX_AUTH_ISSUER: "codex-auth signs in and renews tokens there; it is meant for tests",
  CODEX_AUTH_BACKEND: "codex-auth asks there about usage; it is meant for tests",
};

/** Left behind by a test or a trial, such a variable sends tokens to a place that may be nobody's or somebody's. */
export const urlOverride: DoctorCheck = {
  id: "url_override",
  area: "environment",
  severity: "warning",
  title: "a variable sends tokens elsewhere than to OpenAI",
  look: ({ ctx: { env } }) =>
    Object.entries(variables).flatMap(([name, effect]) => {
      const value = env[name];
      if (!value || isOpenAi(value)) return [];
      const problem = addressProblem(value);
      const evidence = [`it names ${hostOf(value)}`, ...(problem === null ? [] : [`refused: ${problem}`])];
      const severity = problem === null ? "warning" : "error";
      return [{ message: `${name} is set: ${effect}.`, evidence, command: `unset ${name}`, severity }];
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

export const envOverride: DoctorCheck = {
  id: "env_override",
  area: "environment",
  severity: "warning",
  title: "a variable makes Codex ignore auth.json",
  look: ({ ctx: { env } }) =>
    overrides(env).map(({ name, effect }) => ({
      message: `${name} is set: ${effect}.`,
      command: `unset ${name}`,
    })),
};

export const baseUrlIgnored: DoctorCheck = {
  id: "openai_base_url_ignored",
  area: "environment",
  severity: "info",
  title: "OPENAI_BASE_URL is set, and Codex does not use it",
  look: ({ ctx: { env }, config: { tree } }) => {
    // Where config.toml says the same, nothing is missed.
    if (!env["OPENAI_BASE_URL"] || (tree && configString(tree, ["openai_base_url"]))) return [];
    const message =
      "OPENAI_BASE_URL is set, but Codex 0.169 ignores it: requests go to OpenAI. config.toml decides (openai_base_url).";
    return [{ message, command: `codex -c openai_base_url="\\"$OPENAI_BASE_URL\\""` }];
  },
};

/** Measured with Codex 0.169: beside auth.json it is ignored, and without one no Authorization is sent at all. */
export const openaiKeyIgnored: DoctorCheck = {
  id: "openai_key_ignored",
  area: "environment",
  severity: "info",
  title: "OPENAI_API_KEY is set, and Codex does not use it",
  look: ({ ctx: { env }, config, source }) => {
    if (!env["OPENAI_API_KEY"] || providersReading(config.tree, "OPENAI_API_KEY").length > 0) return [];
    const message =
      source === "none"
        ? "OPENAI_API_KEY is set, but it is no login: Codex 0.169 sends no Authorization with it. It must be stored."
        : "OPENAI_API_KEY is set, but Codex 0.169 does not use it: it neither replaces nor disturbs the login.";
    const command =
      source === "none" ? 'printf %s "$OPENAI_API_KEY" | codex auth login --with-api-key --switch' : null;
    return [{ message, command }];
  },
};

const codexEffect =
  "Codex makes no WebSocket connection with it, loses seconds in every turn, and reconnects without end where the network needs that certificate";
const effects = {
  CODEX_CA_CERTIFICATE: codexEffect,
  SSL_CERT_FILE: codexEffect,
  NODE_EXTRA_CA_CERTS: "codex-auth goes on without it, and fails where the network needs it",
};

/** Codex takes one of its two variables; codex-auth takes that and the one of Node. */
export const caFile: DoctorCheck = {
  id: "ca_file_unusable",
  area: "environment",
  severity: "warning",
  title: "a variable names a file of certificates that cannot be used",
  look: ({ ctx: { env, fs } }) =>
    ([certificateVariable(env), "NODE_EXTRA_CA_CERTS"] as const).flatMap((name) => {
      const path = env[name];
      if (!path) return [];
      const problem = certificateProblem(fs, path);
      if (problem === null) return [];
      return [
        {
          message: `${name} names a file that ${problem}: ${effects[name]}.`,
          evidence: [path],
          command: `unset ${name}`,
        },
      ];
    }),
};

/** The providers of config.toml whose `env_key` is this variable. */
function providersReading(tree: ConfigTree | null, variable: string): string[] {
  const providers = tree && configValue(tree, ["model_providers"]);
  if (!isTable(providers)) return [];
  return Object.entries(providers)
    .filter(([, provider]) => isTable(provider) && provider["env_key"] === variable)
    .map(([id]) => id);
}

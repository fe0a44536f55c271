import { expect, test } from "vitest";
import { readAuthDocument } from "../../../src/codex/auth-json.ts";
import { loginRestriction, loginSettings, readConfig } from "../../../src/codex/config/toml.ts";
import { forgeAuthJson, forgeJwt } from "../../support/forge.ts";

const seat = forgeAuthJson({ accountId: "acct-1" });
const seatless = { ...seat, tokens: { ...seat.tokens, id_token: forgeJwt({}), access_token: "opaque" } };
const apiKey = { OPENAI_API_KEY: "sk-1" };
const bedrock = { auth_mode: "bedrockApiKey", bedrock_api_key: { key: "k" } };

/** As the real Codex 0.169.0 decides whether its exec deletes auth.json. */
test.each<[string, object, string | null]>([
  ["", seat, null],
  ['forced_login_method = "chatgpt"', seat, null],
  ['forced_login_method = "api"', seat, "allows no ChatGPT login"],
  ['forced_login_method = "chatgpt"', apiKey, "allows no API key"],
  ['forced_login_method = "api"', apiKey, null],
  ['forced_login_method = "chatgpt"', bedrock, "allows no API key"],
  ['forced_login_method = "api"', bedrock, null],
  ['forced_login_method = "else"', seat, null],
  ['forced_chatgpt_workspace_id = "acct-1"', seat, null],
  ['forced_chatgpt_workspace_id = ["acct-2", "acct-1"]', seat, null],
  ['forced_chatgpt_workspace_id = "acct-2"', seat, "allows only acct-2, not acct-1"],
  ['forced_chatgpt_workspace_id = "acct-2"', seatless, "this login names no workspace"],
  ['forced_chatgpt_workspace_id = "acct-2"', apiKey, null],
  ['forced_chatgpt_workspace_id = ""', seat, null],
])("%s", (config, document, expected) => {
  const reading = readAuthDocument({ ...document });
  const parsed = readConfig(config);
  if (reading.kind !== "login" || parsed.kind !== "tree") throw new Error("The case cannot be read.");
  const restriction = loginRestriction(loginSettings(parsed.tree), reading.login);
  expect(restriction?.reason ?? null).toEqual(expected === null ? null : expect.stringContaining(expected));
});

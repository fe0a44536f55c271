// Logins for a pool of the size that a benchmark needs.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes `count` auth.json files of as many accounts, named 0.json, 1.json and so on. */
export function writeForgedLogins(folder, count) {
  mkdirSync(folder, { recursive: true });
  for (let index = 0; index < count; index += 1)
    writeFileSync(join(folder, `${index}.json`), JSON.stringify(login(index)));
}

/** A forged login with tokens as long as real ones. */
function login(index) {
  const iat = Math.floor(Date.now() / 1000);
  const auth = {
    chatgpt_plan_type: "plus",
    chatgpt_account_id: `acct-${index}`,
    chatgpt_user_id: `user-${index}`,
  };
  const claims = {
    iat,
    exp: iat + 864_000,
    email: `person${index}@example.com`,
    "https://api.openai.com/auth": auth,
  };
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const jwt = `${part({ alg: "RS256" })}.${part({ ...claims, pad: "x".repeat(700) })}.${"s".repeat(342)}`;
  const tokens = {
    id_token: jwt,
    access_token: jwt,
    refresh_token: `rt_${index}_${"r".repeat(80)}`,
    account_id: `acct-${index}`,
  };
  return { auth_mode: "chatgpt", OPENAI_API_KEY: null, tokens, last_refresh: new Date().toISOString() };
}

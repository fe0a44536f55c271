import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { FakeOpenAI } from "../../support/openai/server.ts";
import { type AuthJson, forgeJwt } from "../../support/forge.ts";
import { root } from "../install.mjs";

/** A CODEX_HOME for one test, gone with it. Codex refuses to live below the system's temporary folder. */
export function temporaryHome(authJson?: AuthJson): string {
  const folder = join(root, "node_modules/.cache/e2e-homes");
  mkdirSync(folder, { recursive: true });
  const user = mkdtempSync(join(folder, "home-"));
  onTestFinished(() => rmSync(user, { recursive: true, force: true, maxRetries: 5 }));
  const home = join(user, ".codex");
  mkdirSync(home, { mode: 0o700 });
  if (authJson) writeAuthJson(join(home, "auth.json"), authJson);
  return home;
}

export async function startFake(): Promise<FakeOpenAI> {
  const fake = await FakeOpenAI.start();
  onTestFinished(() => fake.close());
  return fake;
}

export function writeAuthJson(file: string, document: AuthJson): void {
  writeFileSync(file, JSON.stringify(document, null, 2), { mode: 0o600 });
}

export function readAuthJson(home: string): AuthJson {
  return JSON.parse(readFileSync(join(home, "auth.json"), "utf8"));
}

/** The claims of the access token that is live. */
export function readClaims(home: string): Record<string, unknown> {
  const [, claims = ""] = readAuthJson(home).tokens.access_token.split(".");
  return JSON.parse(Buffer.from(claims, "base64url").toString());
}

/** Makes Codex want a new access token at its next use, as time would. */
export function expireAccessToken(home: string): void {
  const document = readAuthJson(home);
  document.tokens.access_token = forgeJwt({ ...readClaims(home), exp: Math.floor(Date.now() / 1000) - 60 });
  writeAuthJson(join(home, "auth.json"), document);
}

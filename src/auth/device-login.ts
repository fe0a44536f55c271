import { isObject } from "../codex/claims.ts";
import type { Login } from "../codex/auth-json.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { askIssuer } from "./ask-issuer.ts";
import { exchangeCode } from "./code-exchange.ts";
import type { LoginEffects } from "./login-effects.ts";
import { codexClientId } from "./token-endpoint.ts";

/** A code that a person types in, and how often to ask whether that has happened. */
interface DeviceCode {
  deviceAuthId: string;
  userCode: string;
  intervalMs: number;
}

interface Confirmation {
  code: string;
  verifier: string;
}

const limitMs = 15 * 60_000;

/** Signs in with a browser anywhere: the person types a short code there. */
export async function deviceLogin(fx: LoginEffects, issuer: string): Promise<Login> {
  const device = await requestCode(fx, issuer);
  fx.say("Open this address in a browser, on any machine, and sign in:");
  fx.say(`\n${issuer}/codex/device\n`);
  fx.say(`Enter this code within 15 minutes, and give it to nobody: ${device.userCode}`);
  const { code, verifier } = await confirmation(fx, issuer, device);
  return await exchangeCode(fx, { issuer, code, verifier, redirectUri: `${issuer}/deviceauth/callback` });
}

async function requestCode(fx: LoginEffects, issuer: string): Promise<DeviceCode> {
  const url = `${issuer}/api/accounts/deviceauth/usercode`;
  return await askIssuer(fx, url, { client_id: codexClientId }, async (response) => {
    if (response.status === 404) throw disabledError();
    const device = response.ok ? readDeviceCode(await json(response)) : null;
    if (device) return device;
    throw failed(`gave no device code: HTTP ${response.status}`);
  });
}

function readDeviceCode(body: unknown): DeviceCode | null {
  if (!isObject(body)) return null;
  const { device_auth_id: deviceAuthId, user_code: userCode, interval } = body;
  if (typeof deviceAuthId !== "string" || typeof userCode !== "string") return null;
  const seconds = Number(interval);
  // Written as a string.
  const intervalSec = Number.isFinite(seconds) && seconds >= 1 ? Math.min(seconds, 60) : 5;
  return { deviceAuthId, userCode, intervalMs: intervalSec * 1000 };
}

async function confirmation(fx: LoginEffects, issuer: string, device: DeviceCode): Promise<Confirmation> {
  const endMs = fx.now() + limitMs;
  while (fx.now() < endMs) {
    await fx.sleep(device.intervalMs, fx.stop);
    fx.stop.throwIfAborted();
    const confirmed = await poll(fx, issuer, device);
    if (confirmed) return confirmed;
  }
  throw new CodexAuthError("login_timed_out", "The code was not entered within 15 minutes.", {
    hint: "Nothing was changed. Start again: codex auth login --device-auth",
  });
}

/** Null while nobody has entered the code, and while the issuer or the network has a bad moment. */
async function poll(
  fx: LoginEffects,
  issuer: string,
  { deviceAuthId, userCode }: DeviceCode,
): Promise<Confirmation | null> {
  const url = `${issuer}/api/accounts/deviceauth/token`;
  const body = { device_auth_id: deviceAuthId, user_code: userCode };
  try {
    return await askIssuer(fx, url, body, readPoll);
  } catch (error) {
    const isPassing = error instanceof CodexAuthError && passing.has(error.code);
    if (isPassing) return null;
    throw error;
  }
}

const passing = new Set<string>(["network_unreachable", "upstream_unavailable"]);

async function readPoll(response: Response): Promise<Confirmation | null> {
  const { status, ok } = response;
  if (status === 403 || status === 404 || status === 429 || status >= 500) return null;
  const body = await json(response);
  // A page of a portal, or of a network proxy.
  if (body === null) return null;
  if (ok && isObject(body)) {
    const { authorization_code: code, code_verifier: verifier } = body;
    if (typeof code === "string" && typeof verifier === "string") return { code, verifier };
  }
  throw failed(`ended the device login: HTTP ${status}`);
}

async function json(response: Response): Promise<unknown> {
  try {
    return JSON.parse(await response.text());
  } catch {
    return null;
  }
}

function failed(what: string): CodexAuthError {
  return new CodexAuthError("login_failed", `The issuer ${what}.`, {
    hint: "Nothing was changed. Start again: codex auth login --device-auth (or --manual)",
  });
}

function disabledError(): CodexAuthError {
  return new CodexAuthError("device_login_disabled", "The issuer gives no device codes (HTTP 404).", {
    hint: [
      "A device code may be disabled by your workspace admin; ask them, or copy an auth.json (codex auth import), or use an API key (codex auth login --with-api-key).",
      "With a browser on another machine, this works too: codex auth login --manual",
    ].join("\n"),
  });
}

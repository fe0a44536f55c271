import { isRecord, jsonOrNull } from "../../text/json.ts";
import type { Login } from "../../codex/auth-json.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { parseRetryHint, type RetryHint } from "../../errors/retry-hint.ts";
import { answerText, readUpstreamError } from "../../errors/upstream-body.ts";
import { codexClientId } from "../renew/token-endpoint.ts";
import { askIssuer, exchangeCode, type LoginContext } from "./issuer.ts";

/** A code that a person types in, and how often to ask whether that has happened. */
interface DeviceCode {
  deviceAuthId: string;
  userCode: string;
  intervalMs: number;
}

interface Confirmation {
  kind: "confirmed";
  code: string;
  verifier: string;
}

/** Nobody has entered the code yet; `askedMs` is how long the issuer wants to be left alone. */
interface Pending {
  kind: "pending";
  askedMs: number;
}

const limitMs = 15 * 60_000;

/** Signs in with a browser anywhere: the person types a short code there. */
export async function deviceLogin(ctx: LoginContext, issuer: string): Promise<Login> {
  const device = await requestCode(ctx, issuer);
  ctx.say("Open this address in a browser, on any machine, and sign in:");
  ctx.say(`\n${issuer}/codex/device\n`);
  ctx.say(`Enter this code within 15 minutes, and give it to nobody: ${device.userCode}`);
  const { code, verifier } = await confirmation(ctx, issuer, device);
  return await exchangeCode(ctx, { issuer, code, verifier, redirectUri: `${issuer}/deviceauth/callback` });
}

async function requestCode(ctx: LoginContext, issuer: string): Promise<DeviceCode> {
  const url = `${issuer}/api/accounts/deviceauth/usercode`;
  return await askIssuer(ctx, url, { client_id: codexClientId }, async (response) => {
    if (response.status === 404) throw disabledError("The login server gives no device codes (HTTP 404).");
    const text = await answerText(response);
    const device = response.ok ? readDeviceCode(jsonOrNull(text)) : null;
    if (device) return device;
    throw refusal(response, text, ctx.now());
  });
}

/** Why there is no code, in the issuer's own words where it gives any. */
function refusal({ status, headers }: Response, text: string, nowMs: number): CodexAuthError {
  const { message = "", code = "" } = readUpstreamError(text);
  const said = message === "" ? `HTTP ${status}` : `HTTP ${status}: ${message}`;
  if (status === 429)
    return limitedError(said, parseRetryHint(headers, nowMs) ?? parseRetryHint(text, nowMs));
  if (/device_?code_?(?:auth_?)?disabled|enable device code/i.test(`${code} ${message}`))
    return disabledError(`The login server gives no device codes (${said}).`);
  if (status === 403)
    return new CodexAuthError("login_failed", `The login server gave no device code: ${said}.`, {
      hint: "Nothing was changed. What stands between is shown by: codex auth doctor --live\nWith a browser on another machine, this may work: codex auth login --manual",
    });
  return failed(`gave no device code: ${said}`);
}

function limitedError(said: string, hint: RetryHint | undefined): CodexAuthError {
  const when = hint ? `Ask again in ${waitText(hint.retryAfterMs)}` : "Ask again in some minutes";
  return new CodexAuthError(
    "device_code_limited",
    `The login server gives no more device codes for now: ${said}`,
    {
      hint: `Nothing was changed. ${when}, or sign in without a code: codex auth login --manual`,
    },
  );
}

function waitText(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  return seconds < 100 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}

function readDeviceCode(body: unknown): DeviceCode | null {
  if (!isRecord(body)) return null;
  const { device_auth_id: deviceAuthId, user_code: userCode, interval } = body;
  if (typeof deviceAuthId !== "string" || typeof userCode !== "string") return null;
  const seconds = Number(interval);
  // Written as a string.
  const intervalSec = Number.isFinite(seconds) && seconds >= 1 ? Math.min(seconds, 60) : 5;
  return { deviceAuthId, userCode, intervalMs: intervalSec * 1000 };
}

async function confirmation(ctx: LoginContext, issuer: string, device: DeviceCode): Promise<Confirmation> {
  const endMs = ctx.now() + limitMs;
  let waitMs = device.intervalMs;
  while (ctx.now() < endMs) {
    await ctx.sleep(waitMs, ctx.stop);
    ctx.stop.throwIfAborted();
    const answer = await poll(ctx, issuer, device);
    if (answer.kind === "confirmed") return answer;
    waitMs = Math.min(Math.max(device.intervalMs, answer.askedMs), Math.max(1000, endMs - ctx.now()));
  }
  throw new CodexAuthError("login_timed_out", "The code was not entered within 15 minutes.", {
    hint: "Nothing was changed. Start again: codex auth login --device-auth",
  });
}

/** Pending also while the issuer or the network has a bad moment. */
async function poll(
  ctx: LoginContext,
  issuer: string,
  { deviceAuthId, userCode }: DeviceCode,
): Promise<Confirmation | Pending> {
  const url = `${issuer}/api/accounts/deviceauth/token`;
  const body = { device_auth_id: deviceAuthId, user_code: userCode };
  try {
    return await askIssuer(ctx, url, body, (response) => readPoll(response, ctx.now()));
  } catch (error) {
    const isPassing = error instanceof CodexAuthError && passing.has(error.code);
    if (isPassing) return pending;
    throw error;
  }
}

const pending: Pending = { kind: "pending", askedMs: 0 };
const passing = new Set<string>(["network_unreachable", "upstream_unavailable"]);

async function readPoll(response: Response, nowMs: number): Promise<Confirmation | Pending> {
  const { status, ok, headers } = response;
  if (status === 429 || status >= 500)
    return { kind: "pending", askedMs: parseRetryHint(headers, nowMs)?.retryAfterMs ?? 0 };
  if (status === 403 || status === 404) return pending;
  const body = jsonOrNull(await answerText(response));
  // A page of a portal, or of a network proxy.
  if (body === null) return pending;
  if (ok && isRecord(body)) {
    const { authorization_code: code, code_verifier: verifier } = body;
    if (typeof code === "string" && typeof verifier === "string")
      return { kind: "confirmed", code, verifier };
  }
  throw failed(`ended the device login: HTTP ${status}`);
}

function failed(what: string): CodexAuthError {
  return new CodexAuthError("login_failed", `The login server ${what}.`, {
    hint: "Nothing was changed. Start again: codex auth login --device-auth (or --manual)",
  });
}

function disabledError(message: string): CodexAuthError {
  return new CodexAuthError("device_login_disabled", message, {
    hint: [
      "A device code may be disabled by your workspace admin; ask them, or copy an auth.json (codex auth import), or use an API key (codex auth login --with-api-key).",
      "With a browser on another machine, this works too: codex auth login --manual",
    ].join("\n"),
  });
}

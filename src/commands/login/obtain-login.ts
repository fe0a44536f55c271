import type { LoginContext } from "../../auth/sign-in/issuer.ts";
import { type AuthDocument, type Login, readAuthDocument } from "../../codex/auth-json.ts";
import type { Context } from "../../context.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { safeLines } from "../../text/safe-text.ts";

export type LoginFlow = "browser" | "device" | "manual" | "apiKey" | "accessToken";

interface Target {
  issuer: string;
  workspaceId: string | null;
}

/** Gets a new login. Nothing is written anywhere. */
export async function obtainLogin(ctx: Context, flow: LoginFlow, target: Target): Promise<Login> {
  if (flow === "apiKey" || flow === "accessToken") return await secretLogin(ctx, flow);
  return await ctx.interruptible(async (stop) => {
    const signIn = signInContext(ctx, stop);
    if (flow === "browser")
      return (await import("../../auth/sign-in/browser.ts")).browserLogin(signIn, target);
    if (flow === "device")
      return (await import("../../auth/sign-in/device.ts")).deviceLogin(signIn, target.issuer);
    const { manualLogin } = await import("../../auth/sign-in/manual.ts");
    return manualLogin(signIn, target, async () => {
      const text = await readLine(ctx, stop, { question: "Address: ", isHidden: false });
      // Blank lines of a pipe are passed over: this is its end.
      return text === "" && !ctx.stdin.isTerminal ? null : text;
    });
  });
}

function signInContext(ctx: Context, stop: AbortSignal): LoginContext {
  const { fetch, now, sleep, openUrl, fs } = ctx;
  return { fetch, now, sleep, openUrl, fs, stop, say: (text) => say(ctx, text) };
}

/** Progress and addresses: never part of the answer. */
export function say({ stderr }: Pick<Context, "stderr">, text: string): void {
  stderr.write(`${safeLines(text)}\n`);
}

function readLine(
  { stdin, prompt }: Context,
  stop: AbortSignal,
  { question, isHidden }: { question: string; isHidden: boolean },
): Promise<string> {
  return stdin.isTerminal ? prompt(question, { isHidden }) : stdin.readLine(stop);
}

async function secretLogin(ctx: Context, flow: "apiKey" | "accessToken"): Promise<Login> {
  const { apiKeyDocument, accessTokenDocument } = await import("../../auth/sign-in/issuer.ts");
  const question = flow === "apiKey" ? "API key (not shown): " : "Access token (not shown): ";
  const text = await ctx.interruptible((stop) => readLine(ctx, stop, { question, isHidden: true }));
  const secret = checkedSecret(flow, text.trim());
  return loginIn(flow === "apiKey" ? apiKeyDocument(secret) : accessTokenDocument(secret));
}

/** A secret is one word. What looks like the other kind is most likely a slip. */
function checkedSecret(flow: "apiKey" | "accessToken", text: string): string {
  const isKey = flow === "apiKey";
  const what = isKey ? "API key" : "access token";
  const flag = isKey ? "--with-api-key" : "--with-access-token";
  if (!/^[\x21-\x7e]{8,}$/.test(text)) {
    throw secretError(
      `Standard input holds no ${what}.`,
      `Pipe it, for example: printenv OPENAI_API_KEY | codex auth login ${flag}`,
    );
  }
  if (isKey ? /^(at-|eyJ)/.test(text) : text.startsWith("sk-")) {
    const other = isKey ? "--with-access-token" : "--with-api-key";
    throw secretError(`Standard input holds no ${what}.`, `For the other kind of secret: ${other}`);
  }
  return text;
}

function secretError(message: string, hint: string): CodexAuthError {
  return new CodexAuthError("login_secret_invalid", message, { hint: `${hint}\nNothing was changed.` });
}

function loginIn(document: AuthDocument): Login {
  const reading = readAuthDocument(document);
  if (reading.kind === "login") return reading.login;
  throw new Error("A document of our own holds no login.");
}

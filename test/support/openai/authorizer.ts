import { createHash } from "node:crypto";
import type { FakeIssuer } from "./issuer.ts";
import type { FakeReply, FakeRequest } from "./server.ts";
import type { Login } from "../forge.ts";

/** What a code was given for. */
interface Grant {
  login: Login;
  challenge: string;
  redirectUri: string;
}

/** The login pages of an issuer: whoever opens one is `next` and consents, unless a test says otherwise. */
export class FakeAuthorizer {
  next: Login = {};
  /** How often a device code is reported as not entered yet. */
  pendingPolls = 0;
  hasDeviceCodes = true;
  /** Everything that must appear in no output. */
  readonly secrets: string[] = [];
  readonly #issuer: FakeIssuer;
  readonly #grants = new Map<string, Grant>();

  constructor(issuer: FakeIssuer) {
    this.#issuer = issuer;
  }

  authorize({ query }: FakeRequest): FakeReply {
    const redirectUri = query.get("redirect_uri") ?? "";
    const challenge = query.get("code_challenge") ?? "";
    const answer = new URL(redirectUri);
    answer.searchParams.set("code", this.#grant({ login: this.next, challenge, redirectUri }));
    answer.searchParams.set("state", query.get("state") ?? "");
    return { status: 302, body: "", headers: { location: answer.href } };
  }

  /** A code works once, for the verifier and the place that it was asked with. */
  exchange({ body }: FakeRequest): FakeReply {
    const form = new URLSearchParams(body.toString());
    const code = form.get("code") ?? "";
    const grant = this.#grants.get(code);
    this.#grants.delete(code);
    const verifier = form.get("code_verifier") ?? "";
    this.secrets.push(verifier);
    const isGood =
      grant?.challenge === challengeOf(verifier) && grant.redirectUri === form.get("redirect_uri");
    if (!grant || !isGood || form.get("grant_type") !== "authorization_code")
      return { status: 400, body: { error: "invalid_grant", error_description: "bad code" } };
    const { account_id: _, ...tokens } = this.#issuer.issue(grant.login).tokens;
    this.secrets.push(...Object.values(tokens));
    return { status: 200, body: tokens };
  }

  deviceCode(): FakeReply {
    if (!this.hasDeviceCodes) return { status: 404, body: { error: "not_found" } };
    return { status: 200, body: { device_auth_id: "device-1", user_code: "ABCD-12345", interval: "1" } };
  }

  devicePoll({ headers }: FakeRequest): FakeReply {
    this.pendingPolls -= 1;
    if (this.pendingPolls >= 0) return { status: this.pendingPolls % 2 === 0 ? 403 : 404, body: {} };
    const verifier = `verifier-of-the-device-${this.#grants.size}`;
    const challenge = challengeOf(verifier);
    const redirectUri = `http://${headers.host}/deviceauth/callback`;
    const code = this.#grant({ login: this.next, challenge, redirectUri });
    const answer = { authorization_code: code, code_challenge: challenge, code_verifier: verifier };
    return { status: 200, body: answer };
  }

  #grant(grant: Grant): string {
    const code = `ac_secret_code_${this.secrets.length + 1}`;
    this.#grants.set(code, grant);
    this.secrets.push(code);
    return code;
  }
}

function challengeOf(verifier: string): string {
  return createHash("sha256").update(verifier).digest("base64url");
}

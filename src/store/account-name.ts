import type { Account } from "./account.ts";

/** How messages name an account: its label and e-mail, or whatever it has. */
export function accountName(account: Account): string {
  const name = seatName(account);
  return account.label === null ? name : `${account.label} (${name})`;
}

/** E-mail, workspace id, or what kind of key it is. */
export function seatName({ login, id }: Account): string {
  const { email, identity, kind } = login;
  return email ?? (identity.kind === "seat" ? identity.accountId : `${kindNames[kind]} ${id}`);
}

const kindNames = {
  chatgpt: "login",
  apiKey: "API key",
  accessToken: "access token",
  agentIdentity: "agent identity",
  bedrock: "Bedrock key",
  headers: "headers login",
};

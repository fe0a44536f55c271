import type { Origin } from "../../upstream/reach.ts";

/** What each service is for. */
export const purposes: Record<Origin, string> = {
  backend: "requests and usage of ChatGPT logins",
  issuer: "signing in and renewing tokens",
  api: "requests with an API key",
};

export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

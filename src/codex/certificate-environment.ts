type Env = Readonly<Record<string, string | undefined>>;

/** The file of certificates that Codex trusts beside those of the system; null when none is named. */
export function namedCertificates(env: Env): string | null {
  return env["CODEX_CA_CERTIFICATE"] || env["SSL_CERT_FILE"] || null;
}

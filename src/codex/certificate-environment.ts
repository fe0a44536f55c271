type Env = Readonly<Record<string, string | undefined>>;

/** The variable whose file of certificates Codex trusts beside those of the system. */
export function certificateVariable(env: Env): "CODEX_CA_CERTIFICATE" | "SSL_CERT_FILE" {
  return env["CODEX_CA_CERTIFICATE"] ? "CODEX_CA_CERTIFICATE" : "SSL_CERT_FILE";
}

/** That file; null when none is named. */
export function namedCertificates(env: Env): string | null {
  return env[certificateVariable(env)] || null;
}

import type { Entry } from "./entry.ts";

const triage = "codex auth doctor --live tells time-out, name lookup, TLS and proxy apart";

/** Texts about connections that fail or break. */
export const networkEntries: readonly Entry[] = [
  {
    id: "waiting_for_network",
    title: "Nothing answers at the address: Codex waits without end",
    pattern: /waiting for network|connection refused|os error (?:111|61|10061)\b|ECONNREFUSED/i,
    cause:
      "The address refuses connections. It is tried again for ever: most often a local proxy that config.toml names (openai_base_url) has ended, or HTTP_PROXY catches what is meant for this machine.",
    fix: `Start the proxy again or remove openai_base_url from config.toml; ${triage}`,
    checks: ["config", "proxy_catches_loopback", "proxy_set", "network"],
    example: "Reconnecting... waiting for network",
  },
  {
    id: "ca_file",
    title: "A variable names a certificate file that cannot be used",
    pattern: /failed to (?:read|load) CA certificate|failed to configure websocket TLS/i,
    cause:
      "CODEX_CA_CERTIFICATE, else SSL_CERT_FILE, names a file that is missing or holds no PEM certificate. Codex then makes no WebSocket connection, and none at all where the network needs that certificate.",
    fix: "Name the right file, or: unset CODEX_CA_CERTIFICATE SSL_CERT_FILE",
    checks: ["ca_file_unusable"],
    example:
      "failed to configure websocket TLS: Failed to read CA certificate file company.pem selected by CODEX_CA_CERTIFICATE: No such file or directory (os error 2)",
  },
  {
    id: "tls_untrusted",
    title: "The certificate of the server is not trusted",
    pattern:
      /UnknownIssuer|invalid peer certificate|self[- _]signed|certificate (?:verify|has expired|is not valid)|UNABLE_TO_(?:VERIFY|GET)|CERT_HAS_EXPIRED|NotValidForName|ERR_TLS/i,
    cause:
      "Somebody stands between: a proxy of the company or a virus scanner signs with its own certificate; or the clock is wrong, so that a good certificate seems expired.",
    fix: 'Name the certificate of the company: export CODEX_CA_CERTIFICATE="/path/to/company.pem"',
    checks: ["ca_file_unusable", "proxy_set", "clock_behind", "network"],
    example: "stream disconnected before completion: invalid peer certificate: UnknownIssuer",
  },
  {
    id: "name_lookup",
    title: "The name of the server is not found",
    pattern:
      /dns error|failed to lookup address|name or service not known|ENOTFOUND|EAI_AGAIN|temporary failure in name resolution/i,
    cause: "There is no network, or its name server does not know OpenAI's names.",
    fix: `Check the network and its name server; ${triage}`,
    checks: ["proxy_set", "network"],
    example:
      "error sending request: dns error: failed to lookup address information: Name or service not known",
  },
  {
    id: "connection_timeout",
    title: "The server does not answer in time",
    pattern: /timed? ?out|timeout|ETIMEDOUT|os error (?:110|60|10060)\b/i,
    isGeneral: true,
    cause:
      "A firewall drops the packets, the network is very slow, or a proxy must be used that the environment does not name.",
    fix: `${triage}; behind a company proxy: export HTTPS_PROXY=http://<host>:<port>`,
    checks: ["proxy_set", "network"],
    example: "operation timed out (os error 110)",
  },
  {
    id: "reconnecting",
    title: "The connection breaks before an answer is complete",
    pattern:
      /reconnecting|stream disconnected|stream closed before|falling back from websockets|error sending request|connection reset|os error (?:104|54|10054)\b|ECONNRESET|network (?:or proxy )?(?:problem|error)/i,
    isGeneral: true,
    cause:
      "A fault of the network or of a proxy, not of the login (that would be 401): the connection was cut, or WebSockets are blocked on the way. After five attempts Codex goes on over HTTPS.",
    fix: `${triage}; look at proxy variables and at openai_base_url in config.toml`,
    checks: ["config", "proxy_catches_loopback", "proxy_set", "ca_file_unusable", "network"],
    example: "Reconnecting... 2/5 (stream disconnected before completion: error sending request)",
  },
];

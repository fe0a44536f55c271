import { type Entry, networkTriage } from "../known-error.ts";

const vaguer = ["reconnecting", "connection_timeout", "login_unreachable"];
const loopback = String.raw`https?:\/\/(?:127\.\d{1,3}\.|localhost\b|\[::1\])`;

/** Texts about connections that fail or break. */
export const networkEntries: readonly Entry[] = [
  {
    id: "waiting_for_network",
    title: "Nothing answers at the address, and Codex waits forever",
    says: new RegExp(
      String.raw`waiting for network|connection refused|os error (?:111|61|10061)\b|ECONNREFUSED|error sending request for url \(${loopback}`,
      "i",
    ),
    unless: /\bcurl: \(\d|\b(?:psql|postgres|mysql|redis|mongo)|:(?:5432|3306|6379|27017)\b/i,
    explains: vaguer,
    cause:
      "The address refuses connections. Codex tries it again forever: most often a local proxy that config.toml names (openai_base_url) has ended, or HTTP_PROXY, HTTPS_PROXY or ALL_PROXY (also in ~/.codex/.env) name a proxy that does not run.",
    fix: `Start the proxy again, or remove openai_base_url from config.toml and the proxy variables; ${networkTriage}`,
    checks: ["config", "proxy_catches_loopback", "proxy_set", "proxy_unsupported", "network"],
    example: "Reconnecting... waiting for network",
  },
  {
    id: "local_proxy",
    title: "A program on this machine answers instead of OpenAI, and it fails",
    says: /no available accounts|no auth available|all upstream accounts/i,
    status: new RegExp(
      String.raw`unexpected status 5\d\d\b.{0,600}url: (?:ws|http)s?:\/\/(?:127\.|localhost\b|\[::1\])`,
      "i",
    ),
    cause:
      "openai_base_url, or base_url of a provider in config.toml, leads to a local proxy. It runs, but it has no usable account, or it cannot reach its own server.",
    fix: "Look at the log and the accounts of that program (for the rotation of codex-auth: codex auth rotation status), or remove the base URL from config.toml to reach OpenAI directly.",
    checks: ["config", "url_override", "proxy_catches_loopback"],
    example: "unexpected status 502 Bad Gateway: Unknown error, url: http://127.0.0.1:8317/v1/responses",
  },
  {
    id: "network_proxy_refused",
    title: "The network proxy does not let the connection through",
    says: /proxy authentication required|\bproxy connect (?:error|aborted)|tunnel error|unsuccessful tunnel/i,
    explains: vaguer,
    cause:
      "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names a proxy that refuses: it needs a user name and a password (407), forbids the address, or speaks another protocol (SOCKS).",
    fix: `Give its user name and password: export HTTPS_PROXY=http://<user>:<password>@<host>:<port>; ${networkTriage}`,
    checks: ["proxy_set", "proxy_unsupported", "network"],
    example: "proxy connect error: 407 Proxy Authentication Required",
  },
  {
    id: "ca_file",
    title: "A variable names a certificate file that cannot be used",
    says: /failed to (?:read|load) CA certificate|failed to configure websocket TLS/i,
    explains: [...vaguer, "tls_untrusted"],
    cause:
      "CODEX_CA_CERTIFICATE, else SSL_CERT_FILE, names a file that is missing or holds no PEM certificate. Codex then makes no WebSocket connection. In a network that needs that certificate, it makes no connection at all.",
    fix: "Name the right file, or: unset CODEX_CA_CERTIFICATE SSL_CERT_FILE",
    checks: ["ca_file_unusable"],
    example:
      "failed to configure websocket TLS: Failed to read CA certificate file company.pem selected by CODEX_CA_CERTIFICATE: No such file or directory (os error 2)",
  },
  {
    id: "tls_untrusted",
    title: "The certificate of the server is not trusted",
    says: /UnknownIssuer|invalid peer certificate|self[- _]signed|certificate (?:verify|has expired|is not valid)|certificate verification error|CERTIFICATE_VERIFY_FAILED|UNABLE_TO_(?:VERIFY|GET)|CERT_HAS_EXPIRED|NotValidForName|ERR_TLS/i,
    explains: vaguer,
    cause:
      "A company proxy or a virus scanner opens the connection and signs it with its own certificate. Or the clock of this machine is wrong, so that a valid certificate looks expired.",
    fix: 'Name the certificate of the company: export CODEX_CA_CERTIFICATE="/path/to/company.pem"',
    checks: ["ca_file_unusable", "proxy_set", "proxy_unsupported", "clock_behind", "network"],
    example: "stream disconnected before completion: invalid peer certificate: UnknownIssuer",
  },
  {
    id: "name_lookup",
    title: "The name of the server is not found",
    says: /dns error|failed to lookup address|name or service not known|ENOTFOUND|EAI_AGAIN|temporary failure in name resolution|no such host/i,
    explains: vaguer,
    cause: "There is no network, or its DNS server does not know OpenAI's names.",
    fix: `Check the network and its DNS server; ${networkTriage}`,
    checks: ["proxy_set", "proxy_unsupported", "network"],
    example:
      "error sending request: dns error: failed to lookup address information: Name or service not known",
  },
  {
    id: "websocket_not_served",
    title: "WebSockets are not served on the way; Codex goes on over HTTPS",
    says: /426 upgrade required|websocket transport is disabled/i,
    frame: /falling back from websockets|failed to connect to (?:responses )?websocket/i,
    isHarmless: true,
    cause:
      "Codex tries a WebSocket first. The proxy or network does not pass it on, so Codex falls back to HTTPS by itself; the start of a session takes a moment longer.",
    fix: "Nothing has to be done. If there are no answers either, the last lines of the text give the reason.",
    checks: ["websocket_blocked"],
    example:
      "failed to connect to websocket: HTTP error: 426 Upgrade Required, url: ws://127.0.0.1:8080/v1/responses",
  },
  {
    id: "connection_timeout",
    title: "The server does not answer in time",
    says: /(?:request|operation|connection|connect|read) timed out|os error (?:110|60|10060)\b|ETIMEDOUT|timeout waiting for child process/i,
    status: /\btimed out\b|(?<!idle )\btime-?out (?:waiting|while|after|error)|^time-?out$/i,
    unless: /command timed out/i,
    cause:
      "A firewall drops the packets, the network is very slow, or this network needs a proxy that is not set in the environment.",
    fix: `${networkTriage}; behind a company proxy: export HTTPS_PROXY=http://<host>:<port>`,
    checks: ["proxy_set", "proxy_unsupported", "network"],
    example: "operation timed out (os error 110)",
  },
  {
    id: "reconnecting",
    title: "The connection breaks before an answer is complete",
    status:
      /connection reset|os error (?:104|54|10054)\b|ECONNRESET|network (?:or proxy )?(?:problem|error)|socket hang up/i,
    frame: /reconnecting|stream disconnected|stream closed before|error sending request|connection failed/i,
    codes: ["httpConnectionFailed", "responseStreamConnectionFailed", "responseStreamDisconnected"],
    cause:
      "The network or a proxy cut the connection, or blocks WebSockets. The login is not the problem (that would be a 401). After five attempts Codex continues over HTTPS.",
    fix: `${networkTriage}; look at proxy variables and at openai_base_url in config.toml`,
    checks: [
      "config",
      "proxy_catches_loopback",
      "proxy_set",
      "proxy_unsupported",
      "ca_file_unusable",
      "network",
    ],
    example: "Reconnecting... 2/5 (stream disconnected before completion: error sending request)",
  },
  {
    id: "retries_exhausted",
    title: "The server failed again and again, so Codex gave up",
    frame: /exceeded retry limit/i,
    codes: ["responseTooManyFailedAttempts"],
    cause: "Each attempt failed. The status beside it says why: 429 is a limit, 5xx is a failure at OpenAI.",
    fix: "Try again in a few minutes, or with another account: codex auth switch --auto",
    checks: ["credentials", "network"],
    example: '"codexErrorInfo":{"responseTooManyFailedAttempts":{"httpStatusCode":null}}',
  },
];

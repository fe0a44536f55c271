import { networkTriage } from "./entry.ts";
import type { Entry } from "./entry.ts";

const vaguer = ["reconnecting", "connection_timeout", "login_unreachable"];
const loopback = String.raw`https?:\/\/(?:127\.\d{1,3}\.|localhost\b|\[::1\])`;

/** Texts about connections that fail or break. */
export const networkEntries: readonly Entry[] = [
  {
    id: "waiting_for_network",
    title: "Nothing answers at the address: Codex waits without end",
    says: new RegExp(
      String.raw`waiting for network|connection refused|os error (?:111|61|10061)\b|ECONNREFUSED|error sending request for url \(${loopback}`,
      "i",
    ),
    explains: vaguer,
    cause:
      "The address refuses connections. It is tried again for ever: most often a local proxy that config.toml names (openai_base_url) has ended, or HTTP_PROXY, HTTPS_PROXY or ALL_PROXY (also in ~/.codex/.env) name a proxy that does not run.",
    fix: `Start the proxy again, or remove openai_base_url from config.toml and the proxy variables; ${networkTriage}`,
    checks: ["config", "proxy_catches_loopback", "proxy_set", "proxy_unsupported", "network"],
    example: "Reconnecting... waiting for network",
  },
  {
    id: "local_proxy",
    title: "A program on this machine answers instead of OpenAI, and it fails",
    status: new RegExp(
      String.raw`unexpected status 5\d\d\b.{0,600}url: (?:ws|http)s?:\/\/(?:127\.|localhost\b|\[::1\])`,
      "i",
    ),
    cause:
      "openai_base_url, or base_url of a provider in config.toml, leads to a local proxy. It runs, but has no account that can serve, or does not reach its own server.",
    fix: "Look at the log and the accounts of that program (for the rotation of codex-auth: codex auth rotation status), or remove the base URL from config.toml to reach OpenAI directly.",
    checks: ["config", "url_override", "proxy_catches_loopback"],
    example: "unexpected status 502 Bad Gateway: Unknown error, url: http://127.0.0.1:8317/v1/responses",
  },
  {
    id: "ca_file",
    title: "A variable names a certificate file that cannot be used",
    says: /failed to (?:read|load) CA certificate|failed to configure websocket TLS/i,
    explains: [...vaguer, "tls_untrusted"],
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
    says: /UnknownIssuer|invalid peer certificate|self[- _]signed|certificate (?:verify|has expired|is not valid)|certificate verification error|CERTIFICATE_VERIFY_FAILED|UNABLE_TO_(?:VERIFY|GET)|CERT_HAS_EXPIRED|NotValidForName|ERR_TLS/i,
    explains: vaguer,
    cause:
      "Somebody stands between: a proxy of the company or a virus scanner signs with its own certificate; or the clock is wrong, so that a good certificate seems expired.",
    fix: 'Name the certificate of the company: export CODEX_CA_CERTIFICATE="/path/to/company.pem"',
    checks: ["ca_file_unusable", "proxy_set", "proxy_unsupported", "clock_behind", "network"],
    example: "stream disconnected before completion: invalid peer certificate: UnknownIssuer",
  },
  {
    id: "name_lookup",
    title: "The name of the server is not found",
    says: /dns error|failed to lookup address|name or service not known|ENOTFOUND|EAI_AGAIN|temporary failure in name resolution|no such host/i,
    explains: vaguer,
    cause: "There is no network, or its name server does not know OpenAI's names.",
    fix: `Check the network and its name server; ${networkTriage}`,
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
      "Codex tries a WebSocket first. The proxy or network does not pass it on, so Codex falls back to HTTPS by itself; it costs a moment at the start of a session.",
    fix: "Nothing has to be done. If the answers do not come either, the reason stands in the last lines of the text.",
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
      "A firewall drops the packets, the network is very slow, or a proxy must be used that the environment does not name.",
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
      "A fault of the network or of a proxy, not of the login (that would be 401): the connection was cut, or WebSockets are blocked on the way. After five attempts Codex goes on over HTTPS.",
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
    cause:
      "Each attempt failed; the status that stands beside it says why: 429 is a limit, 5xx is OpenAI's fault.",
    fix: "Try again in a few minutes, or with another account: codex auth switch --auto",
    checks: ["credentials", "network"],
    example: '"codexErrorInfo":{"responseTooManyFailedAttempts":{"httpStatusCode":null}}',
  },
];

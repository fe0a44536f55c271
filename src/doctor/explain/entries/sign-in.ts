import type { Entry } from "../known-error.ts";

/** Texts about signing in: the browser, device codes, and what OpenAI answers to them. */
export const signInEntries: readonly Entry[] = [
  {
    id: "login_unreachable",
    title: "auth.openai.com cannot be reached, so nobody can sign in or renew a login",
    says: /(?:logging in|token exchange failed|refresh token|device code)\b.{0,120}error sending request(?: for url \(https?:\/\/auth\.openai)?|error sending request for url \(https:\/\/auth\.openai/i,
    cause:
      "A firewall or a proxy stopped the request. Codex reads the proxy from HTTPS_PROXY and ALL_PROXY. It ignores addresses that start with socks://, and uses HTTP CONNECT for those with socks5://.",
    fix: "export HTTPS_PROXY=http://<host>:<port> (the HTTP port of the proxy), then try again; codex auth doctor --live asks auth.openai.com and says what blocks the way",
    checks: ["proxy_set", "ca_file_unusable", "network"],
    example: "Token exchange failed: error sending request for url (https://auth.openai.com/oauth/token)",
  },
  {
    id: "login_exchange_refused",
    title: "OpenAI did not complete the login",
    says: /token endpoint returned status 4\d\d|token_exchange_failed|failed to exchange (?:the )?(?:authorization )?code/i,
    status: /token exchange failed/i,
    cause:
      "The browser signed in, but auth.openai.com refused the last step, which this machine makes. A 403 nearly always comes from the network: Codex does not use the same proxy as the browser, so its request comes from another address or country.",
    fix: "Send this machine through the same proxy as the browser: export HTTPS_PROXY=http://<host>:<port>, then: codex auth login. codex auth doctor --live shows what is between this machine and OpenAI.",
    checks: ["proxy_set", "network"],
    example: "Token exchange failed: token endpoint returned status 403 Forbidden",
  },
  {
    id: "country_unsupported",
    title: "OpenAI does not serve this country or address",
    says: /country, region, or territory not supported/i,
    codes: ["unsupported_country_region_territory"],
    explains: ["forbidden", "login_exchange_refused"],
    cause:
      "The request came from an address that OpenAI does not serve. Often the browser uses a VPN or a proxy and Codex does not.",
    fix: "Check the proxy of this machine: HTTPS_PROXY and ALL_PROXY must name the right one (codex auth doctor --live shows it). Another account does not help.",
    checks: ["proxy_set", "network"],
    example:
      '{"error":{"code":"unsupported_country_region_territory","message":"Country, region, or territory not supported"}}',
  },
  {
    id: "device_code_limited",
    title: "OpenAI gives no more device codes for a while",
    says: /device code request (?:returned status|failed with status) 429/i,
    cause:
      "This address asked for too many device codes. This is not the quota of an account, so another account does not help.",
    fix: "Wait some minutes, or sign in without a code: codex auth login --manual",
    checks: [],
    example: "Device code request returned status 429.",
  },
  {
    id: "device_login_disabled",
    title: "Device codes are not allowed for this workspace",
    says: /device code login is not enabled|device[- ]?(?:code )?auth(?:entication|orization)? (?:is )?(?:disabled|not enabled|failed)|enable device code auth/i,
    status: /\bheadless\b/i,
    cause:
      "Device codes are switched off: for a personal account under Security in the settings of ChatGPT, for a workspace by its administrator. Codex often fails without saying so on a machine without a browser.",
    fix: "Switch them on there (chatgpt.com, Settings, Security), or ask the administrator; or sign in through a pasted address: codex auth login --manual; or with a key: codex auth login --with-api-key; or import an auth.json from a machine with a browser: codex auth import <file>",
    checks: ["login_ports_held"],
    example:
      "device code login is not enabled for this Codex server. Use the browser login or verify the server URL.",
  },
  {
    id: "login_timed_out",
    title: "Nobody signed in while Codex waited",
    says: /device auth timed out|device authorization code has expired|login (?:was not completed|timed out)/i,
    codes: ["login_timed_out"],
    cause: "The code and the sign-in page are valid for fifteen minutes.",
    fix: "Start again and sign in at once: codex auth login",
    checks: [],
    example: "device auth timed out after 15 minutes",
  },
  {
    id: "login_port_in_use",
    title: "The ports for the answer of the browser are in use",
    says: /address (?:already )?in use|os error (?:98|48|10048)\b|port .{0,30}already in use|EADDRINUSE/i,
    codes: ["login_ports_busy"],
    cause:
      "After signing in, the browser calls port 1455 (or 1457) of this machine. Other programs use both ports: often an SSH tunnel, or another login that still waits.",
    fix: "Sign in without a port: codex auth login --device-auth (or --manual); or close one of the programs below yourself",
    checks: ["login_ports_held"],
    example: "Error logging in: Port 127.0.0.1:1457 is already in use",
  },
  {
    id: "login_cancelled",
    title: "Another login took the place of this one",
    says: /login cancelled/i,
    cause: "A second login of Codex ends the first one that still waits for its browser.",
    fix: "Sign in in one place: codex auth login",
    checks: ["login_ports_held"],
    example: "Error logging in: Login cancelled",
  },
  {
    id: "login_stuck",
    title: "The browser does not come back from signing in",
    status:
      /^sign in with chatgpt$|login (?:is )?stuck|state mismatch|login was not completed|authorization session was not initialized|navigate to this url to authenticate|browser callback|(?:localhost|127\.0\.0\.1):145[57]\b|missing authorization code|failed to open (?:the )?browser/i,
    cause:
      "After signing in, the browser must reach 127.0.0.1:1455 (or 1457) of the machine on which Codex runs. A firewall, a remote machine, a container or an old tab prevents that.",
    fix: "codex auth login --manual takes the address from the browser by hand; codex auth login --device-auth needs no way back",
    checks: ["login_ports_held", "proxy_catches_loopback"],
    example: "Sign in with ChatGPT",
  },
];

type Env = Record<string, string>;

/** Two network proxies, host and port each. */
export interface Two {
  one: string;
  other: string;
}

/**
 * Variables, and the proxy by which Codex then goes to OpenAI; null: directly. Measured on Codex 0.171;
 * `npm run e2e -- network-proxies` asks the program again.
 */
export const takenByCodex = ({ one, other }: Two): [Env, string | null][] => [
  [{}, null],
  [{ ALL_PROXY: `http://${one}` }, one],
  [{ ALL_PROXY: `HTTP://${one}` }, one],
  [{ ALL_PROXY: one }, one],
  [{ ALL_PROXY: `socks5://${one}` }, one],
  [{ all_proxy: `socks5h://ada:secret@${one}/` }, one],
  [{ ALL_PROXY: `socks4://${one}` }, one],
  [{ ALL_PROXY: `socks4a://${one}` }, one],
  [{ HTTPS_PROXY: `socks5h://${one}`, HTTP_PROXY: `socks5://${other}` }, one],
  [{ HTTP_PROXY: `http://${one}` }, null],
  // The upper case wins, also where it is empty.
  [{ https_proxy: `http://${other}`, HTTPS_PROXY: `http://${one}` }, one],
  [{ all_proxy: `http://${other}`, ALL_PROXY: `http://${one}` }, one],
  [{ https_proxy: "", HTTPS_PROXY: `http://${one}` }, one],
  [{ HTTPS_PROXY: "", ALL_PROXY: `http://${one}` }, one],
  // What Codex ignores, it passes over.
  [{ HTTPS_PROXY: `socks://${other}`, ALL_PROXY: `http://${one}` }, one],
  [{ HTTPS_PROXY: `ws://${other}`, ALL_PROXY: `socks4://${one}` }, one],
  [{ HTTPS_PROXY: `http://${one}`, ALL_PROXY: `socks://${other}/` }, one],
  [{ ALL_PROXY: `http://${one}`, NO_PROXY: "chatgpt.com", no_proxy: "x.test" }, null],
  [{ ALL_PROXY: `http://${one}`, NO_PROXY: "x.test", no_proxy: "chatgpt.com" }, one],
  [{ ALL_PROXY: `http://${one}`, NO_PROXY: "", no_proxy: "chatgpt.com" }, one],
];

/** Variables that ask for a proxy, and Codex goes past it; and the one that asks. */
export const passedByCodex = ({ one }: Two): [Env, string][] => [
  [{ ALL_PROXY: `socks://${one}/` }, "ALL_PROXY"],
  [{ all_proxy: `foo://${one}` }, "all_proxy"],
  [{ ALL_PROXY: `socks5:${one}` }, "ALL_PROXY"],
  [{ HTTPS_PROXY: "", https_proxy: `http://${one}` }, "https_proxy"],
  [{ HTTPS_PROXY: "socks://127.0.0.1:1", https_proxy: `http://${one}` }, "HTTPS_PROXY"],
];

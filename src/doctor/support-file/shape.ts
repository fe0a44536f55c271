/**
 * The only ways in which a text of a person's machine gets into a support file: as a word of a list that we wrote, as the
 * scheme and host of an address, or as its kind and length. Whatever is on no list stays at home, whatever it looks like.
 */

/** A word of ours, or the shape of anything else. */
export function wordOr(value: string, isKnown: (value: string) => boolean): string {
  return isKnown(value) ? value : shapeOf(value);
}

export function shapeOf(value: string): string {
  if (value === "") return "[empty]";
  const length = `${value.length} characters`;
  const origin = originOf(value);
  if (origin !== null) return `[${origin}, ${length}]`;
  if (value.startsWith("/")) return `[path, ${value.split("/").length - 1} deep, ${length}]`;
  return `[text, ${length}]`;
}

const address = /^(https?|wss?|socks[45]?[ah]?):\/\//i;
const longestHost = 100;

/** Without user, password, path and query, each of which may be a secret. */
function originOf(value: string): string | null {
  const [, scheme] = address.exec(value) ?? [];
  if (scheme === undefined || !URL.canParse(value)) return null;
  const { host } = new URL(value);
  return host.length > longestHost ? null : `${scheme.toLowerCase()}://${host}`;
}

/** Folders that are the same on every machine. */
const publicFolders = new Set(
  `/ /bin /sbin /usr/bin /usr/sbin /usr/local/bin /usr/local/sbin /opt/homebrew/bin /snap/bin /usr/games
  /usr/local/games /tmp /var/tmp /private/tmp /bin/sh /bin/bash /bin/zsh /bin/dash /bin/fish /usr/bin/bash
  /usr/bin/zsh /usr/bin/fish /usr/bin/sh /usr/local/bin/bash /usr/local/bin/fish /usr/local/bin/zsh
  /opt/homebrew/bin/bash /opt/homebrew/bin/fish /usr/bin/codex /usr/local/bin/codex /opt/homebrew/bin/codex
  /etc/ssl/cert.pem /etc/ssl/certs /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt`.split(
    /\s+/,
  ),
);
/** The same, below the home of the user. */
const homeFolders = new Set([
  "",
  "/.codex",
  "/.codex/codex-auth",
  "/.local/bin",
  "/bin",
  "/.bun/bin",
  "/go/bin",
]);

/** A path that every machine has, or its shape, and whether it lies in the user's home. */
export function placeOf(path: string, home: string): string {
  if (publicFolders.has(path)) return path;
  const below = home.length > 1 && path.startsWith(home) ? path.slice(home.length) : null;
  if (below !== null && homeFolders.has(below)) return `~${below}`;
  return below?.startsWith("/") ? shapeOf(path).replace("]", ", in ~]") : shapeOf(path);
}

/** A time as we write it; the shape of what is none. */
export function timeOr(value: string | null): string | null {
  if (value === null) return null;
  const ms = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(ms) ? shapeOf(value) : new Date(ms).toISOString();
}

import { placeOf } from "./shape.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Variables that Codex, codex-auth, Node or the network read. */
const names = `CODEX_HOME CODEX_SQLITE_HOME CODEX_API_KEY CODEX_ACCESS_TOKEN CODEX_CA_CERTIFICATE
  CODEX_REFRESH_TOKEN_URL_OVERRIDE CODEX_AUTH_DIR CODEX_AUTH_ACCOUNT CODEX_AUTH_BACKEND CODEX_AUTH_CODEX_BIN
  CODEX_AUTH_INVOKED_AS CODEX_AUTH_ISSUER CODEX_AUTH_REAL_HOME CODEX_AUTH_ROTATION_LOG OPENAI_API_KEY
  OPENAI_BASE_URL AZURE_OPENAI_API_KEY HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy
  no_proxy SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS NODE_OPTIONS NODE_TLS_REJECT_UNAUTHORIZED NODE_PATH
  XDG_CACHE_HOME XDG_DATA_HOME XDG_CONFIG_HOME XDG_RUNTIME_DIR CI HOME LANG LC_ALL LC_CTYPE PATH SHELL TERM TMPDIR
  TMUX WSL_DISTRO_NAME WSL_INTEROP SUDO_UID SUDO_USER SSH_CONNECTION SSH_TTY SSH_CLIENT SSH_AUTH_SOCK`.split(
  /\s+/,
);
/** Of these some more may matter than we know; a name may be a secret too, so they are counted. */
const families = ["CODEX_", "OPENAI_", "AZURE_", "NODE_", "SSL_", "_PROXY", "_proxy"];

const locale = /^(?:C|POSIX|[a-z]{2}(?:_[A-Z]{2})?)(?:\.(?:UTF-?8|utf-?8|ISO-?8859-\d{1,2}))?$/;
const toggle = /^(?:0|1|true|false|yes|no|on|off)$/i;
const terminals =
  /^(?:dumb|linux|vt100|vt220|ansi|(?:xterm|screen|tmux|rxvt-unicode)(?:-(?:16|88|256)color)?)$/;

/** What a variable may say out loud. */
const choices: Record<string, RegExp> = {
  CI: toggle,
  LANG: locale,
  LC_ALL: locale,
  LC_CTYPE: locale,
  TERM: terminals,
  NODE_TLS_REJECT_UNAUTHORIZED: toggle,
  CODEX_AUTH_INVOKED_AS: /^(?:npx )?codex auth$/,
};

/** The variables that matter, with what may be told of their values, and the number of others of the kind. */
export function environmentOutline(env: Env, platform: string): { variables: object; others: object } {
  const home = env["HOME"] ?? "";
  const isSet = (name: string) => env[name] !== undefined;
  const tell = (name: string) => {
    const value = env[name] ?? "";
    if (name === "PATH")
      return value.split(platform === "win32" ? ";" : ":").map((each) => placeOf(each, home));
    return choices[name]?.test(value) ? value : placeOf(value, home);
  };
  const others = Object.keys(env).filter((name) => isSet(name) && !names.includes(name));
  const counts = families.map((family): [string, number] => [
    family.startsWith("_") ? `*${family}` : `${family}*`,
    others.filter((name) => (family.startsWith("_") ? name.endsWith(family) : name.startsWith(family)))
      .length,
  ]);
  return {
    variables: Object.fromEntries(names.filter(isSet).map((name) => [name, tell(name)])),
    others: Object.fromEntries(counts.filter(([, count]) => count > 0)),
  };
}

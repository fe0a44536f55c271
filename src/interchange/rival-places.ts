import type { FormatName } from "./store-format.ts";

interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  home: string;
  codexHome: string;
}

/** Where a tool keeps its logins by default; null when that is not known, so that a path must be given. */
export function defaultPlace(format: FormatName, { env, home, codexHome }: Surroundings): string | null {
  const data = env["XDG_DATA_HOME"] || `${home}/.local/share`;
  if (format === "codex") return `${codexHome}/auth.json`;
  if (format === "codex-multi-auth") return `${codexHome}/multi-auth`;
  if (format === "loongphy") return `${codexHome}/accounts`;
  if (format === "cliproxyapi") return `${home}/.cli-proxy-api`;
  if (format === "opencode") return `${data}/opencode/auth.json`;
  if (format === "caam")
    return `${env["CAAM_HOME"] ? `${env["CAAM_HOME"]}/data` : `${data}/caam`}/vault/codex`;
  return null;
}

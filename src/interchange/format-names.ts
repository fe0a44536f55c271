import type { StoreEntry } from "./stored-login.ts";

/** Every format that `import --from` takes. */
export const formatNames = [
  "codex",
  "codex-multi-auth",
  "loongphy",
  "cliproxyapi",
  "codex-lb",
  "opencode",
  "caam",
  "codexctl",
  "bundle",
] as const;

export type FormatName = (typeof formatNames)[number];

/** What a file of a known format holds. */
export type StoreReading =
  | { kind: "entries"; entries: StoreEntry[] }
  /** Nothing in it is a login of Codex, and nothing is wrong with it. */
  | { kind: "foreign"; problem: string }
  /** `problem` is half a sentence, `hint` what to do about it. */
  | { kind: "broken"; problem: string; hint?: string };

/** Who else renews the refresh tokens of a store, and so must stop using them; null for copies that nobody renews. */
export const otherUsers: Record<FormatName, string | null> = {
  codex: null,
  "codex-multi-auth": "codex-multi-auth",
  loongphy: "codex-auth of Loongphy",
  cliproxyapi: "CLIProxyAPI",
  "codex-lb": "codex-lb",
  opencode: "OpenCode",
  caam: "CAAM",
  codexctl: "codexctl",
  bundle: "the machine that wrote the bundle",
};

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

export const needsPassphrase: StoreReading = {
  kind: "broken",
  problem: "it is encrypted",
  hint: "Pipe its passphrase: codex auth import <file> --passphrase-stdin",
};

/** The cipher says only that they do not belong together. */
export const wrongPassphrase: StoreReading = {
  kind: "broken",
  problem: "the passphrase is not the one that it was encrypted with, or the file was damaged",
  hint: "Try the passphrase again; if it is right, copy the file again. Nothing was changed.",
};

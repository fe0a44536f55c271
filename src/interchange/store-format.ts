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

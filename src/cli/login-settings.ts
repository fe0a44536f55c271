import { loginSettings, readConfig } from "../codex/config-toml.ts";
import type { LoginSettings } from "../codex/config-toml.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { readTextIfPresent } from "../store/files.ts";
import type { Context } from "./context.ts";

/** What config.toml says about logins. Throws `config_unreadable` where Codex would not start either. */
export function readLoginSettings({ fs, store }: Pick<Context, "fs" | "store">): LoginSettings {
  const path = store.paths.configFile;
  const reading = readConfig(readTextIfPresent(fs, path) ?? "");
  if (reading.kind === "tree") return loginSettings(reading.tree);
  const message = `${path}:${reading.line}:${reading.column}: ${reading.message}`;
  const hint = `Codex does not start with this file either. Mend line ${reading.line} first. Nothing was changed.`;
  throw new CodexAuthError("config_unreadable", message, { hint });
}

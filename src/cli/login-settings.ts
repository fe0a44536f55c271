import type { LoginSettings } from "../codex/config-toml.ts";
import { providerWithoutLogin } from "../codex/provider-login.ts";
import { mergedTree } from "../codex/config-layers.ts";
import type { ConfigTree } from "../codex/config-tree.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { layersOf, readLayerFiles } from "../store/config-layers.ts";
import { settingsOf } from "../store/layered-settings.ts";
import type { Context } from "./context.ts";

type Place = Pick<Context, "fs" | "store" | "cwd" | "platform" | "env">;

/** What the configuration that counts in this folder says about logins. Throws `config_unreadable` where Codex would not start either. */
export function readLoginSettings(ctx: Place): LoginSettings {
  return settingsOf(readable(ctx), ctx.store.paths.configFile);
}

/** What keeps the login of auth.json from being used, whichever it is: a line each, for a person. */
export function unusedLoginNotes(ctx: Place): string[] {
  const provider = providerWithoutLogin(treeOf(ctx));
  if (provider === null) return [];
  const { id, instead } = provider;
  return [
    `model_provider is ${JSON.stringify(id)}, so requests of Codex carry no login of auth.json: ${instead}.`,
  ];
}

function treeOf(ctx: Place): ConfigTree {
  return mergedTree(layersOf(readable(ctx)));
}

function readable(ctx: Place) {
  const files = readLayerFiles(ctx.fs, { ...ctx, paths: ctx.store.paths });
  const broken = files.find(({ problem }) => problem !== null);
  if (!broken) return files;
  const [, line] = /:(\d+):\d+: /.exec(broken.problem ?? "") ?? [];
  const mend = line === undefined ? "Mend it first" : `Mend line ${line} first`;
  const hint = `Codex does not start with this file either. ${mend}. Nothing was changed.`;
  throw new CodexAuthError("config_unreadable", broken.problem ?? broken.file, { hint });
}

import { basename, dirname } from "node:path";
import { type ConfigArguments, countingTree, mergedTree } from "../codex/config/layers.ts";
import type { LoginSettings } from "../codex/config/toml.ts";
import { configFaults, faultText } from "../codex/config/values.ts";
import { providerWithoutLogin } from "../codex/models.ts";
import type { Context } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { errorCode, fileError } from "../machine/file-error.ts";
import {
  configLimit,
  type FileSystem,
  linkTarget,
  readTextIfPresent,
  syncFolder,
  timeInName,
} from "../machine/file-system.ts";
import { commitFile, discard, stageFile, sweepTemporaries } from "./atomic-write.ts";
import { layersOf, readLayerFiles, settingsOf } from "./config-layers.ts";

/**
 * Replaces the text of config.toml, keeping its mode and the link that leads to it. False when another program
 * wrote it in between; then nothing was changed. Other names of a hard-linked file keep the old text: `onDetached`.
 */
export function editConfigFile(
  fs: FileSystem,
  path: string,
  edit: (text: string) => string,
  onDetached: () => void,
): boolean {
  const target = linkTarget(fs, path);
  sweepTemporaries(fs, dirname(target), [`${basename(target)}.`]);
  const before = readTextIfPresent(fs, target, configLimit);
  const after = edit(before ?? "");
  if (after === before) return true;
  const staged = stageFile(fs, target, after, modeOf(fs, target));
  try {
    if (readTextIfPresent(fs, target, configLimit) !== before) return false;
    const isHardLinked = (fs.statSync(target, { throwIfNoEntry: false })?.nlink ?? 1) > 1;
    commitFile(fs, staged);
    if (isHardLinked) onDetached();
    return true;
  } finally {
    discard(fs, staged);
  }
}

/**
 * Gives config.toml another name beside it, so that Codex starts without it. False when its text is not the expected
 * one; then nothing was changed.
 */
export function moveConfigFile(
  fs: FileSystem,
  path: string,
  { expected, nowMs }: { expected: string; nowMs: number },
): boolean {
  const target = linkTarget(fs, path);
  if (readTextIfPresent(fs, target, configLimit) !== expected) return false;
  try {
    fs.renameSync(target, `${target}.broken-${timeInName(nowMs)}`);
    syncFolder(fs, dirname(target));
    return true;
  } catch (error) {
    throw fileError(error, `move ${target}`);
  }
}

function modeOf(fs: FileSystem, path: string): number {
  try {
    return fs.statSync(path).mode & 0o777;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return 0o600;
    throw fileError(error, `read ${path}`);
  }
}

type Place = Pick<Context, "fs" | "store" | "cwd" | "platform" | "env">;

/**
 * What the configuration that counts in this folder says about logins, and for a Codex that is to be run the words behind
 * it. Throws `config_unreadable` where Codex would not start either.
 */
export function readLoginSettings(ctx: Place, asked?: ConfigArguments): LoginSettings {
  return settingsOf(readable(ctx, asked), ctx.store.paths.configFile);
}

/** What keeps the login of auth.json from being used, whichever it is: a line each, for a person. */
export function unusedLoginNotes(ctx: Place, asked?: ConfigArguments): string[] {
  const layers = layersOf(readable(ctx, asked));
  // Everybody looks at config.toml; that of a project comes with somebody's files.
  const faults = layers
    .filter(({ kind }) => kind === "project")
    .flatMap((layer) => configFaults(countingTree(layer)).map((fault) => faultText(fault, layer.file)))
    .map((text) => `Codex does not start in this folder: ${text}.`);
  const provider = providerWithoutLogin(mergedTree(layers));
  if (provider === null) return faults;
  const { id, instead } = provider;
  return [
    ...faults,
    `model_provider is ${JSON.stringify(id)}, so requests of Codex carry no login of auth.json: ${instead}.`,
  ];
}

function readable(ctx: Place, asked: ConfigArguments | undefined) {
  const files = readLayerFiles(ctx.fs, { ...ctx, paths: ctx.store.paths }, asked);
  const broken = files.find(({ problem }) => problem !== null);
  if (!broken) return files;
  const [, line] = /:(\d+):\d+: /.exec(broken.problem ?? "") ?? [];
  const first = line === undefined ? "Fix the file first" : `Fix line ${line} first`;
  const hint = `Codex does not start with this file either. ${first}. Nothing was changed.`;
  throw new CodexAuthError("config_unreadable", broken.problem ?? broken.file, { hint });
}

import type { Env } from "../codex/environment.ts";
import { dirname, join, resolve } from "node:path";
import {
  type ConfigArguments,
  type ConfigLayer,
  type LayerKind,
  layerOf,
  mergedTree,
} from "../codex/config/layers.ts";
import { loginSettings, type LoginSettings, readConfig } from "../codex/config/toml.ts";
import { type ConfigTree, configValue, isTable } from "../codex/config/tree.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import {
  configLimit,
  type FileSystem,
  readTextIfPresent,
  readTextIfReadable,
} from "../machine/file-system.ts";
import { codexSystemFolder, type Paths } from "../machine/paths.ts";

/** A file that Codex reads its configuration from, or cannot. */
export interface LayerFile {
  kind: LayerKind;
  file: string;
  text: string;
  /** Null when it is broken or cannot be opened. */
  tree: ConfigTree | null;
  /** Where and why the parser stopped, or why it could not be opened. */
  problem: string | null;
}

interface LayerPlace {
  paths: Pick<Paths, "configFile" | "codexHome">;
  /** Where Codex would be started. */
  cwd: string;
  platform: string;
  env: Env;
}

/**
 * Every configuration that Codex reads when it starts in a folder, in the order in which later ones win: that of the
 * system, of the user, of a profile, of each folder of a trusted project from its root down, of the command line, of a
 * manager, and what a manager requires. Measured with 0.171.
 */
export function readLayerFiles(fs: FileSystem, place: LayerPlace, asked?: ConfigArguments): LayerFile[] {
  const { paths, platform, env } = place;
  const system = codexSystemFolder(platform, env);
  const profile = asked?.profile ?? null;
  const users = asked?.ignoresUser
    ? []
    : [
        ...layerFile(fs, "user", paths.configFile),
        ...(profile === null
          ? []
          : layerFile(fs, "profile", join(paths.codexHome, `${profile}.config.toml`))),
      ];
  const below = [...layerFile(fs, "system", join(system, "config.toml")), ...users];
  const command = asked ? [ofCommand(asked.settings)] : [];
  const cwd = resolve(place.cwd, asked?.folder ?? "");
  const tree = mergedTree(layersOf([...below, ...command]));
  const projects = projectFolders(fs, { cwd, platform, tree })
    .map((folder) => join(folder, ".codex"))
    .filter((folder) => real(fs, folder) !== real(fs, paths.codexHome))
    .flatMap((folder) => layerFile(fs, "project", join(folder, "config.toml")));
  return [
    ...below,
    ...projects,
    ...command,
    ...layerFile(fs, "managed", join(system, "managed_config.toml")),
    ...layerFile(fs, "requirements", join(system, "requirements.toml")),
  ];
}

function ofCommand(tree: ConfigTree): LayerFile {
  return { kind: "command", file: "the -c of the command", text: "", tree, problem: null };
}

/** Those that could be read. */
export function layersOf(files: readonly LayerFile[]): ConfigLayer[] {
  return files.flatMap(({ kind, file, tree }) => (tree ? [{ kind, file, tree }] : []));
}

function layerFile(fs: FileSystem, kind: LayerKind, file: string): LayerFile[] {
  try {
    const text = readTextIfPresent(fs, file, configLimit);
    if (text === null) return [];
    const reading = readConfig(text);
    if (reading.kind === "tree") return [{ kind, file, text, tree: reading.tree, problem: null }];
    const problem = `${file}:${reading.line}:${reading.column}: ${reading.message}`;
    return [{ kind, file, text, tree: null, problem }];
  } catch (error) {
    if (!(error instanceof CodexAuthError)) throw error;
    return [{ kind, file, text: "", tree: null, problem: error.message }];
  }
}

interface ProjectSearch {
  cwd: string;
  platform: string;
  /** Of the layers below. */
  tree: ConfigTree;
}

/** The folders of the project, from its root to this one, whose configuration counts because they are trusted. */
function projectFolders(fs: FileSystem, { cwd, platform, tree }: ProjectSearch): string[] {
  const here = real(fs, cwd) ?? cwd;
  const root = projectRoot(fs, here, markersIn(tree));
  const folders = [...ancestors(here)];
  const inside = folders.slice(0, folders.indexOf(root) + 1).reverse();
  const trust = (folder: string | null) => (folder === null ? undefined : trustOf(tree, folder, platform));
  const ofRoot = trust(root) ?? trust(mainCheckout(fs, here));
  return inside.filter((folder) => (trust(folder) ?? ofRoot) === "trusted");
}

function markersIn(tree: ConfigTree): string[] {
  const markers = configValue(tree, ["project_root_markers"]);
  return Array.isArray(markers) ? markers.filter((each) => typeof each === "string") : [".git"];
}

/** The nearest folder with a marker, or else the folder itself. */
function projectRoot(fs: FileSystem, folder: string, markers: readonly string[]): string {
  const isRoot = (each: string) => markers.some((marker) => exists(fs, join(each, marker)));
  return ancestors(folder).find(isRoot) ?? folder;
}

/** The folder of the repository that a linked worktree belongs to; that of the checkout itself elsewhere. */
function mainCheckout(fs: FileSystem, folder: string): string | null {
  const checkout = ancestors(folder).find((each) => exists(fs, join(each, ".git")));
  if (checkout === undefined) return null;
  const [, named] = /^gitdir: (.+)$/m.exec(smallText(fs, join(checkout, ".git"))) ?? [];
  const [, main] = /^(.*)[/\\]\.git[/\\]worktrees[/\\][^/\\]+$/.exec(resolve(checkout, named ?? "")) ?? [];
  return main ?? checkout;
}

function smallText(fs: FileSystem, path: string): string {
  return readTextIfReadable(fs, path, { limitBytes: 4096 }) ?? "";
}

/** Codex compares whole paths, in Windows without regard to capitals. */
function trustOf(tree: ConfigTree, folder: string, platform: string): unknown {
  const projects = configValue(tree, ["projects"]);
  if (!isTable(projects)) return undefined;
  const spell = (path: string) => (platform === "win32" ? path.toLowerCase() : path);
  const key = Object.keys(projects).find((each) => spell(each) === spell(folder));
  const project = key === undefined ? undefined : projects[key];
  return isTable(project) ? project["trust_level"] : undefined;
}

function ancestors(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...ancestors(parent)];
}

function exists(fs: FileSystem, path: string): boolean {
  return fs.statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function real(fs: FileSystem, path: string): string | null {
  try {
    return fs.realpathSync(path);
  } catch {
    return null;
  }
}

const named = ["forced_login_method", "forced_chatgpt_workspace_id", "cli_auth_credentials_store"];
const limits = ["allowed_login_methods", "allowed_chatgpt_workspaces"];

/** What all layers say about logins, with the file of each key that stands elsewhere than in the user's own. */
export function settingsOf(files: readonly LayerFile[], configFile: string): LoginSettings {
  const layers = layersOf(files);
  const found = named.flatMap((key) => {
    const file = layerOf(layers, [key])?.file;
    return file === undefined || file === configFile ? [] : [[key, file]];
  });
  const required = layers.find(({ kind }) => kind === "requirements");
  const ofLimits = required ? limits.map((key) => [key, required.file]) : [];
  return loginSettings(mergedTree(layers), Object.fromEntries([...found, ...ofLimits]), required?.tree);
}

import type { RefreshNeed, RefreshOutcome } from "../auth/renewal-words.ts";
import { configFaults } from "../codex/config-faults.ts";
import type { ConfigFault } from "../codex/config-faults.ts";
import { mergedTree } from "../codex/config-layers.ts";
import { readConfig } from "../codex/config-toml.ts";
import type { LoginSettings } from "../codex/config-toml.ts";
import type { ConfigTree } from "../codex/config-tree.ts";
import { overrides } from "../codex/environment.ts";
import type { StartupAnswer } from "../codex/startup-answer.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { readLiveFile } from "../store/auth-file.ts";
import { layersOf, readLayerFiles, type LayerFile } from "../store/config-layers.ts";
import { settingsOf } from "../store/layered-settings.ts";
import type { LiveFile } from "../store/auth-file.ts";
import type { CodexProcess } from "../store/codex-processes.ts";
import type { FileSystem } from "../store/file-system.ts";
import { configLimit, readTextIfPresent } from "../store/files.ts";
import { kindOfPath } from "../store/home-place.ts";
import type { Paths } from "../store/paths.ts";
import { placeProblem } from "../store/place-problems.ts";
import type { PlaceProblem } from "../store/place-problems.ts";
import type { Snapshot, Store } from "../store/store.ts";
import type { Fetch } from "../upstream/network-failure.ts";
import type { Reached } from "../upstream/reach.ts";
import { reachOrigins } from "./reached.ts";
import { askPassedOver, askStartup, type AskEffects, type PassedOver } from "./startup.ts";

/** What checks need of the outside world. */
export interface SceneEffects extends AskEffects {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** As Node names it: linux, darwin, win32. */
  platform: string;
  now: () => number;
  processes: () => CodexProcess[] | null;
  /** Only to be handed to functions of store/. */
  fs: FileSystem;
  store: Store;
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Only for live checks. */
  fetch: Fetch;
  /** The status of the answer to a WebSocket handshake; only for live checks. */
  websocketStatus: (url: string, timeoutMs: number) => Promise<number>;
  /** Renews an access token; only for live repairs. See auth/refresh.ts. */
  renew: (accountId: string, need: RefreshNeed) => Promise<RefreshOutcome>;
}

/** What config.toml says. `tree` is null when it cannot be read; a missing file is an empty one. */
interface ConfigScene {
  text: string | null;
  tree: ConfigTree | null;
  /** What all files say about logins that Codex reads in this folder; null when one of them cannot be read. */
  settings: LoginSettings | null;
  /** All of them together, likewise. */
  merged: ConfigTree | null;
  /** Those beside config.toml: of the system, of trusted projects, of a manager. */
  others: readonly LayerFile[];
  /** Values that keep Codex from starting; none when the file cannot be read. */
  faults: readonly ConfigFault[];
  /** Where the parser stopped; the excerpt is the person's own text. */
  broken: { message: string; line: number; column: number; excerpt: string } | null;
  /** Why the file could not be opened. */
  problem: CodexAuthError | null;
}

/** One look at the machine, shared by all checks. What cannot be read is null here, and a finding of some check. */
export interface Scene {
  fx: SceneEffects;
  nowMs: number;
  paths: Paths;
  /** The pool and the live login together; null when one of the files cannot be read, and `problem` says which. */
  snapshot: Snapshot | null;
  problem: CodexAuthError | null;
  /** auth.json by itself; null when it cannot be opened, and `liveProblem` says why. */
  live: LiveFile | null;
  liveProblem: CodexAuthError | null;
  config: ConfigScene;
  source: LoginSource;
  /** Why the folder of Codex cannot be used, although something has its name. */
  homeProblem: PlaceProblem | null;
  /** Asks OpenAI's services without credentials, once however often it is called; only for live checks. */
  reached: () => Promise<Reached[]>;
  /** Asks the installed Codex whether it can start here, once; `none` where it is not to be asked. */
  startup: () => Promise<StartupAnswer>;
  /** Asks it which keys it passes over; null where it cannot be asked. */
  passedOver: () => Promise<PassedOver[] | null>;
}

type LoginSource = "file" | "keyring" | "memory" | "environment" | "none";

/** Reads everything once, without a lock, and writes nothing. */
export async function openScene(
  fx: SceneEffects,
  { asksCodex = false }: { asksCodex?: boolean } = {},
): Promise<Scene> {
  const { paths } = fx.store;
  const { value: snapshot, problem } = await attempt(() => fx.store.read());
  // Without its folder there is nothing to say of any file in it.
  const homeProblem = problemOfHome(fx.fs, paths);
  const hasHome = problem?.code !== "codex_home_missing" && homeProblem === null;
  const live = hasHome
    ? await attempt(() => snapshot?.live ?? readLiveFile(fx.fs, paths.authFile))
    : { value: null, problem: null };
  const config = hasHome ? await readConfigScene(fx) : noConfig;
  return {
    fx,
    nowMs: fx.now(),
    paths,
    snapshot,
    problem,
    live: live.value,
    liveProblem: live.problem,
    config,
    homeProblem,
    source: loginSource(fx.env, config.settings, live.value),
    reached: once(() => reachOrigins(fx, config.settings)),
    startup: once(() => (asksCodex && hasHome ? askStartup(fx) : Promise.resolve({ kind: "none" as const }))),
    passedOver: once(() => (asksCodex && hasHome ? askPassedOver(fx) : Promise.resolve(null))),
  };
}

/** A file in its place is no folder, which `codex_home_missing` tells where CODEX_HOME names it. */
function problemOfHome(fs: FileSystem, { codexHome: path, isHomeExplicit }: Paths): PlaceProblem | null {
  const place = { path, kind: "folder", need: "read", effect: "neither Codex nor codex-auth works" } as const;
  const found = placeProblem(fs, place);
  return found && isHomeExplicit && kindOfPath(fs, path) === "file" ? null : found;
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | null = null;
  return () => (result ??= work());
}

const noConfig: ConfigScene = {
  text: null,
  tree: null,
  settings: null,
  merged: null,
  others: [],
  faults: [],
  broken: null,
  problem: null,
};

async function readConfigScene(fx: SceneEffects): Promise<ConfigScene> {
  const { fs, store } = fx;
  const { value: text, problem } = await attempt(() =>
    readTextIfPresent(fs, store.paths.configFile, configLimit),
  );
  const files = readLayerFiles(fs, { ...fx, paths: store.paths });
  const others = files.filter(({ kind }) => kind !== "user");
  const nothing = { ...noConfig, text, others, problem };
  if (problem) return nothing;
  const reading = readConfig(text ?? "");
  if (reading.kind === "broken") return { ...nothing, broken: reading };
  const { tree } = reading;
  const isReadable = files.every((each) => each.problem === null);
  return {
    ...nothing,
    tree,
    settings: isReadable ? settingsOf(files, store.paths.configFile) : null,
    merged: isReadable ? mergedTree(layersOf(files)) : null,
    faults: configFaults(tree),
  };
}

/** Where Codex takes its login from at its next start; with a config.toml that it cannot read, it does not start. */
function loginSource(
  env: SceneEffects["env"],
  settings: LoginSettings | null,
  live: LiveFile | null,
): LoginSource {
  if (overrides(env).length > 0) return "environment";
  if (settings?.credentialsStore === "keyring") return "keyring";
  if (settings?.credentialsStore === "ephemeral") return "memory";
  return live?.login ? "file" : "none";
}

async function attempt<T>(
  work: () => T | Promise<T>,
): Promise<{ value: T; problem: null } | { value: null; problem: CodexAuthError }> {
  try {
    return { value: await work(), problem: null };
  } catch (error) {
    if (error instanceof CodexAuthError) return { value: null, problem: error };
    throw error;
  }
}

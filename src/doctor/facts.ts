import { mergedTree } from "../codex/config/layers.ts";
import {
  askPassedOver,
  askStartup,
  type PassedOver,
  type StartupAnswer,
  type StartupContext,
} from "./startup.ts";
import { type LoginSettings, readConfig } from "../codex/config/toml.ts";
import type { ConfigTree } from "../codex/config/tree.ts";
import { type ConfigFault, configFaults } from "../codex/config/values.ts";
import { overrides } from "../codex/environment.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { configLimit, type FileSystem, readTextIfPresent } from "../machine/file-system.ts";
import { kindOfPath } from "../machine/path-kind.ts";
import type { Paths } from "../machine/paths.ts";
import { type Reached, reachOrigins } from "../openai/reach.ts";
import { type LiveFile, readLiveFile } from "../store/auth-file.ts";
import { type LayerFile, layersOf, readLayerFiles, settingsOf } from "../store/config-layers.ts";
import { placeProblem, type PlaceProblem } from "../store/place-problems.ts";
import type { Snapshot } from "../store/store.ts";
import type { Context } from "../context.ts";

/** What checks need of the outside world. */
export interface DoctorContext
  extends
    StartupContext,
    Pick<Context, "cwd" | "processes" | "sleep" | "flock">,
    // Only for live checks, and for what these fix.
    Pick<Context, "fetch" | "websocketStatus" | "renew"> {}

/** What config.toml says. `tree` is null when it cannot be read; a missing file is an empty one. */
interface ConfigFacts {
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

/** What one look at the machine tells, shared by all checks. What cannot be read is null here, and a finding of some check. */
export interface Facts {
  ctx: DoctorContext;
  nowMs: number;
  paths: Paths;
  /** The pool and the live login together; null when one of the files cannot be read, and `problem` says which. */
  snapshot: Snapshot | null;
  problem: CodexAuthError | null;
  /** auth.json by itself; null when it cannot be opened, and `liveProblem` says why. */
  live: LiveFile | null;
  liveProblem: CodexAuthError | null;
  config: ConfigFacts;
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
export async function readFacts(
  ctx: DoctorContext,
  { asksCodex = false }: { asksCodex?: boolean } = {},
): Promise<Facts> {
  const { paths } = ctx.store;
  const { value: snapshot, problem } = await attempt(() => ctx.store.read());
  // Without its folder there is nothing to say of any file in it.
  const homeProblem = problemOfHome(ctx.fs, paths);
  const hasHome = problem?.code !== "codex_home_missing" && homeProblem === null;
  const live = hasHome
    ? await attempt(() => snapshot?.live ?? readLiveFile(ctx.fs, paths.authFile))
    : { value: null, problem: null };
  const config = hasHome ? await readConfigFacts(ctx) : noConfig;
  return {
    ctx,
    nowMs: ctx.now(),
    paths,
    snapshot,
    problem,
    live: live.value,
    liveProblem: live.problem,
    config,
    homeProblem,
    source: loginSource(ctx, config.settings, live.value),
    reached: once(() => reachOrigins(ctx, config.settings)),
    startup: once(() =>
      asksCodex && hasHome ? askStartup(ctx) : Promise.resolve({ kind: "none" as const }),
    ),
    passedOver: once(() => (asksCodex && hasHome ? askPassedOver(ctx) : Promise.resolve(null))),
  };
}

/** A file in its place is no folder, which `codex_home_missing` tells where CODEX_HOME names it. */
function problemOfHome(fs: FileSystem, { codexHome: path, isHomeExplicit }: Paths): PlaceProblem | null {
  const place = { path, kind: "folder", need: "read", effect: "neither Codex nor codex-auth works" } as const;
  const found = placeProblem(fs, place);
  return found && isHomeExplicit && kindOfPath(fs, path) === "file" ? null : found;
}

/** What is dear to find out, found out when it is first asked for. */
export function once<T>(work: () => T): () => T {
  let found: { result: T } | null = null;
  return () => (found ??= { result: work() }).result;
}

const noConfig: ConfigFacts = {
  text: null,
  tree: null,
  settings: null,
  merged: null,
  others: [],
  faults: [],
  broken: null,
  problem: null,
};

async function readConfigFacts(ctx: DoctorContext): Promise<ConfigFacts> {
  const { fs, store } = ctx;
  const { value: text, problem } = await attempt(() =>
    readTextIfPresent(fs, store.paths.configFile, configLimit),
  );
  const files = readLayerFiles(fs, { ...ctx, paths: store.paths });
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
  { env }: DoctorContext,
  settings: LoginSettings | null,
  live: LiveFile | null,
): LoginSource {
  if (overrides(env).length > 0) return "environment";
  if (settings?.credentialsStore === "keyring" || live?.place.kind === "keyring") return "keyring";
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

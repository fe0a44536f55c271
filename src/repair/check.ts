import type { ConfigTree } from "../codex/config-tree.ts";
import type { Finding, Severity } from "../errors/finding.ts";
import type { LiveFile } from "../store/auth-file.ts";
import type { Snapshot } from "../store/store.ts";
import type { Scene } from "./scene.ts";

export type Area = "credentials" | "environment" | "config" | "processes" | "network" | "store";

/** A finding with what it is based on. */
export interface Diagnosis extends Finding {
  area: Area;
  evidence: string[];
  /** `fix` mends it. */
  canMend: boolean;
}

/** One place where the fault stands. */
export interface Sighting {
  /** What is wrong and what comes of it. */
  message: string;
  /** What was seen: a line each, for a person, without secrets. */
  evidence?: readonly string[];
  /** The command that ends it; null when there is none. */
  fix: string | null;
  /** Where it differs from that of the check. */
  severity?: Severity;
  /** False where this one cannot be mended safely. */
  canMend?: boolean;
  /** What the mend works on where a check sees several: a path, or the id of an account. */
  target?: string;
}

/** Why a check had nothing to look at. */
interface Skipped {
  skipped: string;
}

export type Looked = readonly Sighting[] | Skipped;

/** A fault that is known: how to see it and, where that is safe, how to mend it. */
export interface Check {
  /** Stable: the id of its findings, and what `--only` takes. */
  id: string;
  area: Area;
  severity: Severity;
  /** What is looked for, as half a sentence: "auth.json is readable by others". */
  title: string;
  /** It asks the network, so it runs with `--live` only. */
  isLive?: boolean;
  /** `found` is what the checks before this one have found. */
  look: (scene: Scene, found?: readonly Diagnosis[]) => Looked | Promise<Looked>;
  mend?: Mend;
}

export interface Mend {
  /** It asks the network, so it is made with `--live` only. */
  isLive?: boolean;
  /** What it does, as a sentence: for the list of changes and the dry run. Writes nothing. */
  describe: (scene: Scene, sighting: Sighting) => string;
  /** Throws when it could not be done; then nothing was changed. */
  apply: (scene: Scene, sighting: Sighting) => Promise<void>;
}

type Unlooked = Omit<Check, "look">;

/** A check that needs the pool and the login in auth.json. */
export function poolCheck(
  check: Unlooked & { look: (snapshot: Snapshot, scene: Scene) => Looked | Promise<Looked> },
): Check {
  const look = (scene: Scene) =>
    scene.snapshot ? check.look(scene.snapshot, scene) : { skipped: "the pool cannot be read" };
  return { ...check, look };
}

/** A check of what config.toml says; a missing file says nothing, and is an empty tree. */
export function configCheck(
  check: Unlooked & { look: (tree: ConfigTree, scene: Scene) => Looked | Promise<Looked> },
): Check {
  const look = (scene: Scene) =>
    scene.config.tree ? check.look(scene.config.tree, scene) : { skipped: "config.toml cannot be read" };
  return { ...check, look };
}

/** A check of auth.json itself. Where Codex takes its login from another place, nothing in that file is wrong. */
export function fileCheck(
  check: Unlooked & { look: (live: LiveFile, scene: Scene) => Looked | Promise<Looked> },
): Check {
  const look = (scene: Scene) => {
    if (scene.source !== "file" && scene.source !== "none")
      return { skipped: "Codex does not read auth.json here" };
    return scene.live ? check.look(scene.live, scene) : { skipped: "auth.json cannot be opened" };
  };
  return { ...check, look };
}

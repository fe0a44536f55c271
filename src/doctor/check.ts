import type { ConfigTree } from "../codex/config/tree.ts";
import type { Finding, Severity } from "../errors/codex-auth-error.ts";
import type { LiveFile } from "../store/auth-file.ts";
import type { Snapshot } from "../store/store.ts";
import { redact } from "../text/safe-text.ts";
import type { Facts } from "./facts.ts";

export type Area = "credentials" | "environment" | "config" | "processes" | "network" | "store";

/** A finding with what it is based on. */
export interface DoctorFinding extends Finding {
  area: Area;
  evidence: string[];
  /** It carries a fix that can be made now. */
  canMend: boolean;
}

/** One place where the fault stands. */
export interface FoundFault {
  /** What is wrong and what comes of it. */
  message: string;
  /** What was seen: a line each, for a person, without secrets. */
  evidence?: readonly string[];
  /** What a person can type to end it; null when there is nothing. */
  command: string | null;
  /** Where it differs from that of the check. */
  severity?: Severity;
  /** What codex-auth can do about it, where that is safe. */
  fix?: Fix | null;
}

/** A change that ends a finding. */
export interface Fix {
  /** What it does, as a sentence: for the list of changes and the dry run. */
  does: string;
  /** It asks the network, so it is made with `--live` only. */
  isLive?: boolean;
  /** Looks again at what is there under the lock. Throws when it could not be done; then nothing was changed. */
  apply: () => Promise<void>;
}

/** Why a check had nothing to look at. */
interface Skipped {
  skipped: string;
}

export type Looked = readonly FoundFault[] | Skipped;

/** A fault that is known, and how to see it. */
export interface DoctorCheck {
  /** Stable: the id of its findings, and what `--only` takes. */
  id: string;
  area: Area;
  severity: Severity;
  /** What is looked for, as half a sentence: "auth.json is readable by others". */
  title: string;
  /** It asks the network, so it runs with `--live` only. */
  isLive?: boolean;
  /** `found` is what the checks before this one have found. */
  look: (facts: Facts, found?: readonly DoctorFinding[]) => Looked | Promise<Looked>;
}

type Unlooked = Omit<DoctorCheck, "look">;

/** A check that needs the pool and the login in auth.json. */
export function poolCheck(
  check: Unlooked & { look: (snapshot: Snapshot, facts: Facts) => Looked | Promise<Looked> },
): DoctorCheck {
  const look = (facts: Facts) =>
    facts.snapshot ? check.look(facts.snapshot, facts) : { skipped: "the pool cannot be read" };
  return { ...check, look };
}

/** A check of what config.toml says; a missing file says nothing, and is an empty tree. */
export function configCheck(
  check: Unlooked & { look: (tree: ConfigTree, facts: Facts) => Looked | Promise<Looked> },
): DoctorCheck {
  const look = (facts: Facts) =>
    facts.config.tree ? check.look(facts.config.tree, facts) : { skipped: "config.toml cannot be read" };
  return { ...check, look };
}

/** A check of the login itself, in auth.json or in the keyring. Where Codex takes its login from another place, nothing in that file is wrong. */
export function fileCheck(
  check: Unlooked & { look: (live: LiveFile, facts: Facts) => Looked | Promise<Looked> },
): DoctorCheck {
  const look = (facts: Facts) => {
    const isRead = facts.source === facts.live?.place.kind;
    if (!isRead && facts.source !== "file" && facts.source !== "none")
      return { skipped: "Codex does not read auth.json here" };
    // Told by the check of its own.
    if (facts.live?.refusal) return { skipped: "the keyring cannot be read" };
    return facts.live ? check.look(facts.live, facts) : { skipped: "auth.json cannot be opened" };
  };
  return { ...check, look };
}

/** The user and the password in an address. */
const userInfo = /(:\/\/)[^/\s@"']{1,300}@/g;

/** A text about files and variables of a person, in which a secret may stand by mistake. */
export function withoutSecrets(text: string): string {
  return redact(text).replace(userInfo, "$1…@");
}

/** The text of a finding. Those of the store name our own files, whose long names would be taken for tokens. */
export function findingText(area: Area, text: string): string {
  return area === "store" ? text : withoutSecrets(text);
}

/** Whether a finding says that Codex cannot start here at all. */
export function claimsNoStart(message: string): boolean {
  return /^Codex does not start(?: in this folder)?:/.test(message);
}

/** Without what the installed Codex contradicts: it is asked only where something is claimed. */
export async function withoutRefuted(facts: Facts, looked: Looked): Promise<Looked> {
  if ("skipped" in looked || !looked.some(({ message }) => claimsNoStart(message))) return looked;
  const { kind } = await facts.startup();
  return kind === "loads" ? looked.filter(({ message }) => !claimsNoStart(message)) : looked;
}

/** Of the check that tells it: all others of the store have nothing to look at. */
export const sealKeyId = "seal_key";

/** Whether the pool is sealed and cannot be opened: then nothing can be said of any file that is sealed with it. */
export function isSealedAway(problem: { code: string } | null): boolean {
  return problem?.code.startsWith("seal_key_") ?? false;
}

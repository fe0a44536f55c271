import { type FileSystem, readTextIfReadable, removeIfPresent } from "../../machine/file-system.ts";
import type { Paths } from "../../machine/paths.ts";
import { findWindows, hasStarted, type Limit, usedPercentAt, windowEndMs } from "../../quota/limit.ts";
import { writeFileLoosely } from "../atomic-write.ts";
import type { UsageByAccount } from "../library-store.ts";
import type { Snapshot } from "../store.ts";
import { readUsageFile } from "./quota.ts";

type PromptPaths = Pick<Paths, "promptFile">;

/**
 * What a prompt shows of the account that Codex uses, a line each, for shells that read it without starting a process:
 * what the file is, the name, the figures, when they were seen (epoch seconds, and by the clock), until when they hold
 * (0: no end), the id of the account, and `keyring` where the login lies there. Without an account there is no file.
 */
export function writePrompt(
  fs: FileSystem,
  { promptFile, usageFile }: Pick<Paths, "promptFile" | "usageFile">,
  { active: account, live: { place } }: Snapshot,
  nowMs: number,
): void {
  if (account === null) return removeIfPresent(fs, promptFile);
  const name = account.label ?? account.login.email ?? account.id;
  const limits = readUsageFile(fs, usageFile).get(account.id)?.limits ?? [];
  write(fs, promptFile, [
    firstLine,
    harmless(name),
    ...figureLines(limits, nowMs),
    account.id,
    ...(place.kind === "keyring" ? [inKeyring] : []),
  ]);
}

/** The figures alone, where the account that is shown has new ones. */
export function renewPrompt(
  fs: FileSystem,
  { promptFile }: PromptPaths,
  usage: UsageByAccount,
  nowMs: number,
): void {
  const lines = readPrompt(fs, promptFile);
  const [first, name, , , , , id, ...more] = lines ?? [];
  if (lines === null || first === undefined || name === undefined || id === undefined) return;
  const text = [first, name, ...figureLines(usage.get(id)?.limits ?? [], nowMs), id, ...more];
  if (text.join("\n") !== lines.join("\n")) write(fs, promptFile, text);
}

/**
 * Whether somebody else, as a rule Codex, changed the login since. Of auth.json shells see it too, and show a question
 * mark; of the keyring they do not, so they always show one.
 */
export function isPromptOld(
  fs: FileSystem,
  { promptFile }: PromptPaths,
  { live: { target, place, refusal }, active }: Snapshot,
): boolean {
  if (place.kind === "keyring") {
    const lines = readPrompt(fs, promptFile);
    return lines !== null && refusal === null && (lines[6] !== active?.id || lines[7] !== inKeyring);
  }
  if (active === null) return false;
  const kept = fs.lstatSync(promptFile, { throwIfNoEntry: false });
  const login = fs.statSync(target, { throwIfNoEntry: false });
  return kept !== undefined && login !== undefined && login.mtimeMs > kept.mtimeMs;
}

const firstLine = "codex-auth prompt 1";
const inKeyring = "keyring";

function readPrompt(fs: FileSystem, promptFile: string): string[] | null {
  const text = readTextIfReadable(fs, promptFile, { limitBytes: 4096, followsLinks: false });
  const lines = text?.trimEnd().split("\n") ?? [];
  return lines[0] === firstLine && (lines.length === 7 || lines.length === 8) ? lines : null;
}

/** It is made again by the next change, so nobody waits for the disk; one that cannot be written must not stay. */
function write(fs: FileSystem, promptFile: string, lines: readonly string[]): void {
  try {
    writeFileLoosely(fs, promptFile, `${lines.join("\n")}\n`);
  } catch {
    removeIfPresent(fs, promptFile);
  }
}

/** As `statusline` shows them. */
function figureLines(limits: readonly Limit[], nowMs: number): string[] {
  const { short, long } = findWindows(limits);
  const known = [short, long].filter((limit) => limit !== null);
  if (known.length === 0) return ["", "0", "", "0"];
  const text = [figure("5h", short, nowMs), figure("week", long, nowMs)].filter((part) => part !== "");
  const seenMs = Math.max(...limits.map(({ observedAtMs }) => observedAtMs));
  const ends = known.filter((limit) => hasStarted(limit, nowMs)).map(windowEndMs);
  const untilMs = ends.length === 0 ? 0 : Math.min(...ends);
  return [text.join(" "), seconds(seenMs), clock(seenMs), seconds(untilMs)];
}

function figure(name: string, limit: Limit | null, nowMs: number): string {
  return limit === null ? "" : `${name} ${Math.floor(100 - usedPercentAt(limit, nowMs))}%`;
}

/** What stands in limits.json may be anything; a shell reckons with digits only. */
function seconds(ms: number): string {
  const rounded = Math.floor(ms / 1000);
  return Number.isSafeInteger(rounded) && rounded >= 0 && rounded < 1e11 ? String(rounded) : "0";
}

function clock(ms: number): string {
  const at = new Date(ms);
  if (Number.isNaN(at.getTime())) return "";
  return `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
}

/** By letters, of which some are two units. */
const longestName = /^.{0,64}/u;

/** A name may be anything, and this one ends up in prompts: letters, digits, and signs that mean nothing to a shell or terminal. */
function harmless(name: string): string {
  // Most names are, and the pattern of all letters takes longer to make than the file to write.
  const text = plain.test(name) ? name : name.replaceAll(/[^\p{L}\p{N}\p{M}@._+/():,= -]/gu, "_");
  return (longestName.exec(text)?.[0] ?? "").trim();
}

const plain = /^[A-Za-z0-9@._+/():,= -]*$/;

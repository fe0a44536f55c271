import * as fs from "node:fs";
import { join } from "node:path";
import { examine } from "../../src/doctor/examine.ts";
import { readFacts, type DoctorContext } from "../../src/doctor/facts.ts";
import { checks } from "../../src/doctor/index.ts";
import { rehearse } from "../../src/doctor/rehearse.ts";
import type { DoctorCheck } from "../../src/doctor/check.ts";
import { type Change, fixAll } from "../../src/doctor/fix.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { quietFs } from "./quiet-machine.ts";
import { type Home, homeWith, makeHome, poolOf, seat, storeOf, writeAuth } from "./store-home.ts";
import { pathsBelow } from "./tree.ts";

/** A home with faults that `fix` mends. Its pool holds a, b and c, with a live. */
export interface RepairScene {
  name: string;
  arrange: (home: Home) => void;
  /** The ids of the mends that are due. */
  mends: string[];
}

const later = Math.floor(Date.now() / 1000) + 60;

export const repairScenes: RepairScene[] = [
  {
    name: "a torn auth.json and an account twice in the pool",
    arrange: (home) => {
      changePool(home, (text) => text.replace(/\n(\{"id":")\w+(.*"label-c".*)\n/, "\n$1000000000000$2,$&"));
      fs.truncateSync(home.paths.authFile, 400);
    },
    mends: ["auth_file_unreadable", "account_duplicate"],
  },
  {
    name: "a torn pool with a backup, and an auth.json that is newer",
    arrange: (home) => {
      const { poolFile, backupsDir } = home.paths;
      fs.mkdirSync(backupsDir, { mode: 0o700, recursive: true });
      fs.copyFileSync(poolFile, join(backupsDir, "pool-20200101T000000000Z-r1.json"));
      changePool(home, (text) => text.slice(0, text.indexOf('"label-b"') + 100));
      writeAuth(home, seat("a", { issuedAt: later, refreshToken: "rt_newest" }));
    },
    mends: ["pool_unreadable"],
  },
  {
    name: "an older auth.json that others may read, and a folder where Codex locks",
    arrange: (home) => {
      writeAuth(home, seat("a", { issuedAt: later - 9000, refreshToken: "rt_old" }));
      fs.chmodSync(home.paths.authFile, 0o644);
      fs.mkdirSync(home.paths.authLock);
      fs.utimesSync(home.paths.authLock, 0, 0);
    },
    mends: ["auth_lock_blocked", "auth_file_open", "auth_file_older"],
  },
  {
    name: "a hard link without last_refresh under a foreign account id",
    arrange: (home) => {
      const { last_refresh: _, ...document } = seat("a");
      document.tokens.account_id = "acct-b";
      writeAuth(home, document);
      fs.linkSync(home.paths.authFile, join(home.root, "other-name.json"));
    },
    mends: ["auth_file_hard_linked", "account_id_mismatch"],
  },
];

function changePool({ paths: { poolFile } }: Home, change: (text: string) => string): void {
  const text = fs.readFileSync(poolFile, "utf8");
  const changed = change(text);
  if (changed === text) throw new Error("The scene did not change the pool.");
  fs.writeFileSync(poolFile, changed);
}

/** Makes homes of a scene, each a copy of the first. */
export async function repairHomes({ arrange }: RepairScene): Promise<() => Home> {
  const template = await homeWith(["a", "b", "c"]);
  for (const lock of ["auth.lock", "auth.json.lock"])
    fs.rmSync(join(template.dir, lock), { recursive: true, force: true });
  return () => {
    const home = makeHome();
    fs.cpSync(template.dir, home.dir, { recursive: true, preserveTimestamps: true });
    arrange(home);
    return home;
  };
}

/** Makes every mend that is due, inside this process. */
export async function fixHome(
  home: Home,
  effects: Partial<StoreContext> = {},
  wanted: readonly DoctorCheck[] = checks,
): Promise<Change[]> {
  return (await fixAll(contextOf(home, { sleep: briefly, ...effects }), wanted, { isLive: false })).changes;
}

/** What a dry run tells, on a file system of the test. */
export async function rehearseHome(home: Home, effects: Partial<StoreContext>): Promise<Change[]> {
  return (await rehearse(contextOf(home, { sleep: briefly, ...effects }), checks)).changes;
}

/** The ids of what `doctor` finds, but for what is only worth knowing. */
export async function faultsOf(home: Home): Promise<string[]> {
  const { findings } = await examine(await readFacts(contextOf(home, { sleep: briefly })), checks);
  return findings.filter(({ severity }) => severity !== "info").map(({ id }) => id);
}

/** Nobody writes while a test waits for a damaged file to become whole. */
const briefly = () => new Promise<void>((resolve) => setTimeout(resolve, 1));

function contextOf({ env, dir, ...home }: Home, effects: Partial<StoreContext>): DoctorContext {
  const never = () => Promise.reject(new Error("unexpected network"));
  // The variables that keep tests away from OpenAI are a fault by themselves; here nothing may ask anybody.
  const { CODEX_AUTH_ISSUER: _, CODEX_AUTH_BACKEND: __, ...ownEnv } = env;
  return {
    env: { ...ownEnv, PATH: "" },
    cwd: dir,
    platform: "linux",
    now: Date.now,
    processes: () => [],
    fs: effects.fs ?? quietFs,
    store: storeOf({ env, dir, ...home }, effects),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    fetch: never,
    websocketStatus: never,
    renew: never,
    pid: process.pid,
    run: never,
  };
}

/** Every refresh token that stands in some file of the home. */
export function tokensIn({ dir }: Home): Set<string> {
  const files = pathsBelow(dir).filter((path) => fs.statSync(join(dir, path)).isFile());
  const texts = files.map((path) => fs.readFileSync(join(dir, path), "utf8"));
  return new Set(texts.flatMap((text) => text.match(/\brt_[\w-]+/g) ?? []));
}

/** What is wrong with a home in which everything should be mended, without anything lost; empty when nothing is. */
export async function complaints(home: Home, tokensBefore: ReadonlySet<string>): Promise<string[]> {
  const tokens = tokensIn(home);
  const lost = [...tokensBefore].filter((token) => !tokens.has(token)).map((token) => `lost: ${token}`);
  const emails = new Set(poolOf(home).accounts.map(({ login }) => login.email));
  const missing = ["a", "b", "c"].filter((name) => !emails.has(`${name}@example.com`));
  return [...lost, ...missing.map((name) => `missing: ${name}`), ...(await faultsOf(home))];
}

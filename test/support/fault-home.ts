import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Context } from "../../src/context.ts";
import type { CodexProcess } from "../../src/machine/codex-processes.ts";
import { resolvePaths } from "../../src/machine/paths.ts";
import type { ProcessIdentity } from "../../src/machine/identity.ts";
import { currentProcess } from "../../src/machine/processes.ts";
import { sealingFs } from "../../src/store/seal/sealing-fs.ts";
import { openFileStore } from "../../src/store/file-store.ts";
import { runHelper } from "../../src/store/locks/lock-helper.ts";
import { runFake, testNowMs } from "./fake-context.ts";
import { faultyHomeFs, type FaultyPlaces } from "./fault-home-fs.ts";
import { projectRoot, TestHome } from "./home.ts";
import { pathsBelow } from "./tree.ts";
import { quietParts } from "./quiet-machine.ts";

const homesFolder = join(projectRoot, "fixtures/homes");

/**
 * What git cannot hold of a home with a fault; see fixtures/homes/README.md. Paths are relative to CODEX_HOME, and
 * `<home>` in a value stands for it. In pool.json, rotation.json and gateway.json `"<ended process>"` stands for
 * one of this machine that has ended.
 */
interface Scene extends FaultyPlaces {
  /** The fault, as half a sentence. */
  title: string;
  /** Paths of the healthy home that are not there. */
  without?: string[];
  env?: Record<string, string>;
  platform?: string;
  /** What the clock says, where it is not the one of the tests. */
  now?: string;
  /** Octal. */
  modes?: Record<string, string>;
  /** New name -> the file that it is another name of. */
  hardLinks?: Record<string, string>;
  symlinks?: Record<string, string>;
  folders?: string[];
  processes?: CodexProcess[];
  /** ISO times of last change. */
  times?: Record<string, string>;
  pipes?: string[];
  /** Lock folders of ours, held by this process or left by one that has ended. */
  locks?: Record<string, "held" | "dead">;
  /** CODEX_HOME is this folder of the home, or another text, instead of the home itself. */
  codexHome?: string;
}

/** The names of the homes below fixtures/homes. */
export function faultNames(): string[] {
  return fs.readdirSync(homesFolder).filter((name) => fs.existsSync(join(homesFolder, name, "scene.json")));
}

/** A copy of one of those homes that may be changed. */
export class FaultHome {
  readonly home = new TestHome();
  readonly scene: Scene;
  readonly folder: string;

  constructor(name: string) {
    this.folder = join(homesFolder, name);
    this.scene = JSON.parse(fs.readFileSync(join(this.folder, "scene.json"), "utf8")) as Scene;
    this.#copy(join(homesFolder, "healthy"));
    for (const path of this.scene.without ?? []) fs.rmSync(this.home.file(path), { recursive: true });
    this.#copy(this.folder);
    this.#complete();
  }

  /** Runs a command on it, inside this process; what the machine says comes from the scene. */
  async run(
    line: string,
    more: Partial<Context> = {},
  ): Promise<{ code: number; document: object; stderr: string }> {
    const { env = {}, platform = "linux", processes = [], codexHome, now } = this.scene;
    const given = {
      LANG: "C.UTF-8",
      CODEX_AUTH_INVOKED_AS: "codex auth",
      CODEX_AUTH_ASK_CODEX: "0",
      PATH: "",
      HOME: this.home.path,
      // The homes of the tests may lie in the real one.
      TMPDIR: "/nowhere",
    };
    const home = codexHome === undefined ? {} : { CODEX_HOME: this.#here(codexHome) };
    const fullEnv = { ...given, ...home, ...mapValues(env, (value) => this.#here(value)) };
    const system = mapValues(this.scene.system ?? {}, (value) =>
      this.#here(value).replaceAll("$UID", String(process.getuid?.() ?? 0)),
    );
    const paths = resolvePaths({ CODEX_HOME: this.home.path, ...fullEnv }, this.home.path, this.home.path);
    const fakeFs = sealingFs(faultyHomeFs(this.home.path, { ...this.scene, system }), paths, fullEnv);
    const nowOf = () => (now === undefined ? testNowMs : Date.parse(now));
    const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
    const allowed: Partial<Context> = {
      env: fullEnv,
      platform,
      processes: () => processes,
      fs: fakeFs,
      store: openFileStore(paths, { fs: fakeFs, now: nowOf, sleep, ...quietParts }),
      now: nowOf,
      // Whether there is a program that locks is the subject where a scene has a PATH.
      ...(fullEnv["PATH"] === "" ? {} : { flock: (open) => runHelper(open, fullEnv["PATH"]) }),
      ...more,
    };
    const { code, stdout, stderr } = await runFake(this.home, [...line.split(" "), "--json"], allowed);
    return { code, document: JSON.parse(this.hide(stdout)) as object, stderr };
  }

  /** Every file, link and folder below the home, without what passes: locks and the backup of a repair. */
  state(): Record<string, string> {
    const paths = pathsBelow(this.home.path).filter((path) => !passing.test(path));
    return Object.fromEntries(paths.map((path) => [this.hide(path), this.#describe(path)]));
  }

  /** A text without the name of the temporary folder and without times of today. */
  hide(text: string): string {
    return text
      .replaceAll(this.home.path, "<home>")
      .replaceAll(`chown ${process.geteuid?.()}:${process.getegid?.()}`, "chown <uid>:<gid>")
      .replaceAll(`instead of ${process.geteuid?.()}:`, "instead of <uid>:")
      .replaceAll(`process ${process.pid} on ${hostname()}`, "process <pid> on <host>")
      .replaceAll(new RegExp(`(broken-|exec-)\\d{8}T\\d{9}Z`, "g"), "$1<time>");
  }

  #copy(folder: string): void {
    const tree = join(folder, "home");
    if (!fs.existsSync(tree)) return;
    fs.cpSync(tree, this.home.path, { recursive: true, verbatimSymlinks: true });
    this.#nameProcess(this.home.file("codex-auth/pool.json"));
    this.#nameProcess(this.home.file("codex-auth/rotation.json"));
    this.#nameProcess(this.home.file("codex-auth/gateway.json"));
  }

  /** A process of another machine may be alive, so a dead one has to be of this machine. */
  #nameProcess(file: string): void {
    if (!fs.existsSync(file)) return;
    const text = fs.readFileSync(file, "utf8");
    fs.writeFileSync(file, text.replaceAll('"<ended process>"', JSON.stringify(endedRecord())));
  }

  #here(text: string): string {
    return text.replaceAll("<home>", this.home.path);
  }

  #complete(): void {
    const { modes = {}, hardLinks = {}, symlinks = {}, folders = [] } = this.scene;
    const file = (name: string) => this.home.file(name);
    for (const path of pathsBelow(this.home.path)) {
      const stat = fs.lstatSync(file(path));
      // git keeps no mode but "executable".
      if (!stat.isSymbolicLink())
        fs.chmodSync(file(path), stat.isDirectory() || stat.mode & 0o100 ? 0o700 : 0o600);
    }
    for (const name of folders) fs.mkdirSync(file(name), { recursive: true, mode: 0o700 });
    for (const [name, target] of Object.entries(hardLinks)) fs.linkSync(file(target), file(name));
    for (const [name, target] of Object.entries(symlinks)) fs.symlinkSync(this.#here(target), file(name));
    for (const name of this.scene.pipes ?? []) spawnSync("mkfifo", [file(name)]);
    for (const [name, state] of Object.entries(this.scene.locks ?? {})) this.#putLock(file(name), state);
    for (const [name, time] of Object.entries(this.scene.times ?? {}))
      fs.lutimesSync(file(name), new Date(time), new Date(time));
    for (const [name, mode] of Object.entries(modes)) fs.chmodSync(file(name), Number.parseInt(mode, 8));
  }

  #putLock(path: string, state: "held" | "dead"): void {
    const holder = state === "held" ? currentProcess() : endedRecord();
    const record = {
      ...holder,
      token: "0123456789abcdef",
      purpose: "switch",
      since: "2026-11-20T11:59:00.000Z",
    };
    fs.mkdirSync(path, { recursive: true, mode: 0o700 });
    fs.writeFileSync(join(path, "owner.json"), JSON.stringify(record), { mode: 0o600 });
  }

  #describe(path: string): string {
    const full = this.home.file(path);
    const stat = fs.lstatSync(full);
    if (stat.isSymbolicLink()) return `link to ${this.hide(fs.readlinkSync(full))}`;
    const mode = (stat.mode & 0o7777).toString(8).padStart(4, "0");
    if (stat.isDirectory()) return `folder ${mode}`;
    if (!stat.isFile()) return `neither file nor folder ${mode}`;
    return `file ${mode}: ${this.hide(fs.readFileSync(full, "utf8")).replaceAll(jwt, shortToken).replace(sealedData, '"data":"<sealed>"').replace(projection, '"projection":"<of the file before>"')}`;
  }
}

/** Whatever process has the number now was started later. */
function endedRecord(): ProcessIdentity {
  return { ...currentProcess(), pid: 4242, start: "0" };
}

/** Begins with a random number. */
const sealedData = /"data":"[\w+/=]+"/;

const jwt = /eyJ[\w-]+\.[\w-]+\.[\w-]*/g;

function shortToken(token: string): string {
  return `<token ${createHash("sha256").update(token).digest("hex").slice(0, 8)}>`;
}

/** Names an inode and a time. */
const projection = /"projection":\{"before":(null|\{[^}]*\})\}/;

const passing = /^codex-auth\/(backups|locks|prompt)(\/|$)|(^|\/)(auth\.lock|auth\.json\.lock)$/;

function mapValues<T>(record: Record<string, T>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";
import type { Context } from "../../src/cli/context.ts";
import type { CodexProcess } from "../../src/store/codex-processes.ts";
import { runFake } from "./fake-context.ts";
import { TestHome, projectRoot } from "./home.ts";
import { pathsBelow } from "./tree.ts";

const homesFolder = join(projectRoot, "fixtures/homes");

/**
 * What git cannot hold of a home with a fault; see fixtures/homes/README.md. Paths are relative to CODEX_HOME, and
 * `<home>` in a value stands for it.
 */
interface Scene {
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
  /**
   * What is read where these paths outside the home are opened, /proc/self/mounts for example. A value that begins
   * with "-> " is a link. Folders hold what is named below them.
   */
  system?: Record<string, string>;
  /** User ids of owners. */
  owners?: Record<string, number>;
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
      PATH: "",
      HOME: this.home.path,
      // The homes of the tests may lie in the real one.
      TMPDIR: "/nowhere",
    };
    const home = codexHome === undefined ? {} : { CODEX_HOME: this.#here(codexHome) };
    const allowed: Partial<Context> = {
      env: { ...given, ...home, ...mapValues(env, (value) => this.#here(value)) },
      platform,
      processes: () => processes,
      fs: this.#fileSystem(),
      ...(now === undefined ? {} : { now: () => Date.parse(now) }),
      ...more,
    };
    const { code, stdout, stderr } = await runFake(this.home, [...line.split(" "), "--json"], allowed);
    return { code, document: JSON.parse(this.hide(stdout)) as object, stderr };
  }

  /** Every file, link and folder below the home, without what passes: locks, caches and the backup of a repair. */
  state(): Record<string, string> {
    const paths = pathsBelow(this.home.path).filter((path) => !passing.test(path));
    return Object.fromEntries(paths.map((path) => [this.hide(path), this.#describe(path)]));
  }

  /** A text without the name of the temporary folder and without times of today. */
  hide(text: string): string {
    return text.replaceAll(this.home.path, "<home>");
  }

  #copy(folder: string): void {
    const tree = join(folder, "home");
    if (fs.existsSync(tree)) fs.cpSync(tree, this.home.path, { recursive: true, verbatimSymlinks: true });
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
    for (const [name, mode] of Object.entries(modes)) fs.chmodSync(file(name), Number.parseInt(mode, 8));
  }

  #describe(path: string): string {
    const full = this.home.file(path);
    const stat = fs.lstatSync(full);
    if (stat.isSymbolicLink()) return `link to ${this.hide(fs.readlinkSync(full))}`;
    const mode = (stat.mode & 0o7777).toString(8).padStart(4, "0");
    if (stat.isDirectory()) return `folder ${mode}`;
    return `file ${mode}: ${this.hide(fs.readFileSync(full, "utf8")).replaceAll(jwt, shortToken)}`;
  }

  #fileSystem(): Context["fs"] {
    const given = mapValues(this.scene.system ?? {}, (value) => this.#here(value));
    const system = { ...quietSystem, ...given };
    const links = mapKeys(system, (value) => value.startsWith("-> "));
    const texts = mapKeys(system, (value) => !value.startsWith("-> "));
    const readFileSync = ((path: fs.PathOrFileDescriptor, options: BufferEncoding) =>
      texts.get(String(path)) ?? fs.readFileSync(path, options)) as typeof fs.readFileSync;
    const readlinkSync = ((path: fs.PathLike) =>
      links.get(String(path))?.slice(3) ?? fs.readlinkSync(path)) as typeof fs.readlinkSync;
    const readdirSync = ((path: fs.PathLike) => {
      const named = Object.keys(system).filter((name) => name.startsWith(`${String(path)}/`));
      const names = named.map((name) => name.slice(String(path).length + 1).split("/")[0] ?? "");
      return named.length > 0 ? [...new Set(names)] : fs.readdirSync(path);
    }) as typeof fs.readdirSync;
    return { ...fs, readFileSync, readlinkSync, readdirSync, statSync: this.#statSync() };
  }

  #statSync(): typeof fs.statSync {
    const owners = new Map(
      Object.entries(this.scene.owners ?? {}).map(([name, uid]) => [join(this.home.path, name), uid]),
    );
    return ((path: fs.PathLike, options: fs.StatSyncOptions) => {
      const stat = fs.statSync(path, options);
      const uid = owners.get(String(path));
      return uid === undefined || !stat ? stat : Object.assign(stat, { uid });
    }) as typeof fs.statSync;
  }
}

/** Whatever else runs on the machine of the tests, here nobody listens, and it is no WSL. */
const quietSystem: Record<string, string> = {
  "/proc/net/tcp": "",
  "/proc/net/tcp6": "",
  "/proc/version": "Linux version 6.1",
};

function mapKeys(record: Record<string, string>, keep: (value: string) => boolean): Map<string, string> {
  return new Map(Object.entries(record).filter(([, value]) => keep(value)));
}

const jwt = /eyJ[\w-]+\.[\w-]+\.[\w-]*/g;

function shortToken(token: string): string {
  return `<token ${createHash("sha256").update(token).digest("hex").slice(0, 8)}>`;
}

const passing = /^codex-auth\/(backups|locks|code-cache)(\/|$)|(^|\/)(auth\.lock|auth\.json\.lock)$/;

function mapValues<T>(record: Record<string, T>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

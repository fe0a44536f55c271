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
  /** Octal. */
  modes?: Record<string, string>;
  /** New name -> the file that it is another name of. */
  hardLinks?: Record<string, string>;
  symlinks?: Record<string, string>;
  folders?: string[];
  processes?: CodexProcess[];
  /** What is read where these paths outside the home are opened, /proc/self/mounts for example. */
  system?: Record<string, string>;
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
  async run(line: string): Promise<{ code: number; document: object; stderr: string }> {
    const { env = {}, platform = "linux", processes = [], codexHome } = this.scene;
    const given = { LANG: "C.UTF-8", CODEX_AUTH_INVOKED_AS: "codex auth", PATH: "", HOME: this.home.path };
    const home = codexHome === undefined ? {} : { CODEX_HOME: this.#here(codexHome) };
    const allowed: Partial<Context> = {
      env: { ...given, ...home, ...mapValues(env, (value) => this.#here(value)) },
      platform,
      processes: () => processes,
      fs: this.#fileSystem(),
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
    const system = this.scene.system ?? {};
    const readFileSync = ((path: fs.PathOrFileDescriptor, options: BufferEncoding) => {
      const given = typeof path === "string" ? system[path] : undefined;
      return given ?? fs.readFileSync(path, options);
    }) as typeof fs.readFileSync;
    return { ...fs, readFileSync };
  }
}

const jwt = /eyJ[\w-]+\.[\w-]+\.[\w-]*/g;

function shortToken(token: string): string {
  return `<token ${createHash("sha256").update(token).digest("hex").slice(0, 8)}>`;
}

const passing = /^codex-auth\/(backups|locks|code-cache)(\/|$)|(^|\/)(auth\.lock|auth\.json\.lock)$/;

function mapValues<T>(record: Record<string, T>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

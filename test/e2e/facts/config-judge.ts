import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppServer } from "../support/app-server.ts";
import type { CodexVersion } from "../support/codex.ts";
import { type Toml, tomlText } from "./toml-text.ts";

export type Tree = { readonly [key: string]: Toml };

/** Why Codex cannot read a configuration; `at` is the key that it names, which may be one above the fault. */
export interface Refusal {
  text: string;
  at: string;
}

/** Two app-servers that read one configuration after another, a few milliseconds each. One refuses unknown keys too. */
export class ConfigJudge {
  count = 0;
  readonly #plain: AppServer;
  readonly #strict: AppServer;
  readonly #home: string;

  private constructor(home: string, plain: AppServer, strict: AppServer) {
    this.#home = home;
    this.#plain = plain;
    this.#strict = strict;
  }

  static async open(version: CodexVersion, home: string): Promise<ConfigJudge> {
    for (const name of ["plain", "strict"]) mkdirSync(join(home, name), { recursive: true });
    return new ConfigJudge(
      home,
      await AppServer.open(version, join(home, "plain")),
      await AppServer.open(version, join(home, "strict"), ["--strict-config"]),
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.#plain.close(), this.#strict.close()]);
  }

  /** Null where Codex can read it. What it then finds wrong with the meaning is no matter here. */
  async judge(tree: Tree): Promise<Refusal | null> {
    const message = await this.#ask(this.#plain, "plain", tree);
    return message === null ? null : refusalIn(message);
  }

  /** The key that Codex calls unknown; null where it knows all of them, or cannot read the configuration. */
  async unknownKey(tree: Tree): Promise<string | null> {
    const message = await this.#ask(this.#strict, "strict", tree);
    return /unknown configuration field `(.*)`/.exec(message ?? "")?.[1] ?? null;
  }

  async #ask(server: AppServer, folder: string, tree: Tree): Promise<string | null> {
    this.count += 1;
    writeFileSync(join(this.#home, folder, "config.toml"), tomlText(tree));
    try {
      await server.request("config/read", { includeLayers: false });
      return null;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message.endsWith("the app-server ended")) throw error;
      return message;
    }
  }
}

/** Two prefixes stand for a value of the wrong shape; all others for one that means nothing here. */
function refusalIn(message: string): Refusal | null {
  const found = /(?:invalid configuration: |config\.toml:\d+:\d+: )(.*?)(?:\nin `(.*)`)?\n?$/s.exec(message);
  return found ? { text: found[1] ?? "", at: found[2] ?? "" } : null;
}

import { onTestFinished } from "vitest";
import { FakeOpenAI } from "./fake-openai.ts";
import { TestHome } from "./home.ts";
import type { Finished } from "./home.ts";

/** A home with logins of a fake issuer whose refresh tokens work once. */
export class RenewalScene {
  readonly fake: FakeOpenAI;
  readonly home: TestHome;

  private constructor(fake: FakeOpenAI) {
    this.fake = fake;
    this.home = new TestHome();
  }

  /** Accounts `<name>@example.com` in a pool, all with an access token that has ended; the first one is live. */
  static async open(names: readonly string[]): Promise<RenewalScene> {
    const fake = await FakeOpenAI.start();
    onTestFinished(() => fake.close());
    const scene = new RenewalScene(fake);
    for (const name of names) scene.home.write(`logins/${name}.json`, scene.#issueExpired(name));
    await scene.succeed(["import", scene.home.file("logins")]);
    await scene.succeed(["switch", `${names[0]}@example.com`]);
    return scene;
  }

  #issueExpired(name: string) {
    const issuedAt = Math.floor(Date.now() / 1000) - 7200;
    const who = { email: `${name}@example.com`, userId: `user-${name}`, accountId: `acct-${name}` };
    return this.fake.issuer.issue({ ...who, issuedAt, expiresInSec: 3600 });
  }

  run(args: readonly string[]): Promise<Finished> {
    return this.home.run(args, { env: this.env });
  }

  get env(): Record<string, string> {
    return { CODEX_AUTH_ISSUER: this.fake.url };
  }

  async succeed(args: readonly string[]): Promise<Finished> {
    const finished = await this.run(args);
    if (finished.code !== 0) throw new Error(`${args.join(" ")}: ${finished.stderr}`);
    return finished;
  }

  /** What the issuer would accept, and does the pool hold it? */
  lost(names: readonly string[]): string[] {
    const pool = this.home.read("codex-auth/pool.json");
    return names.filter((name) => !pool.includes(`"${this.fake.issuer.newestToken(`${name}@example.com`)}"`));
  }
}

import { onTestFinished } from "vitest";
import { FakeOpenAI } from "./openai/server.ts";
import { type Finished, TestHome } from "./home.ts";

/** A home with logins of a fake issuer whose refresh tokens work once. */
export class RenewalScene {
  readonly fake: FakeOpenAI;
  readonly home: TestHome;

  private constructor(fake: FakeOpenAI) {
    this.fake = fake;
    this.home = new TestHome();
  }

  /**
   * Accounts `<name>@example.com` in a pool, issued two hours ago; the first one is live. Their access tokens have
   * ended, unless they are to last longer.
   */
  static async open(names: readonly string[], { expiresInSec = 3600 } = {}): Promise<RenewalScene> {
    const fake = await FakeOpenAI.start();
    onTestFinished(() => fake.close());
    const scene = new RenewalScene(fake);
    for (const name of names) scene.home.write(`logins/${name}.json`, scene.issue({ name, expiresInSec }));
    await scene.succeed(["import", scene.home.file("logins")]);
    await scene.succeed(["switch", `${names[0]}@example.com`]);
    return scene;
  }

  /** An auth.json document; `user` makes it another seat of that user. */
  issue({ name, user = name, expiresInSec = 3600 }: { name: string; user?: string; expiresInSec?: number }) {
    const issuedAt = Math.floor(Date.now() / 1000) - 7200;
    const who = { email: `${name}@example.com`, userId: `user-${user}`, accountId: `acct-${name}` };
    return this.fake.issuer.issue({ ...who, issuedAt, expiresInSec });
  }

  run(args: readonly string[]): Promise<Finished> {
    return this.home.run(args, { env: this.env });
  }

  get env(): Record<string, string> {
    const { url } = this.fake;
    return { CODEX_AUTH_ISSUER: url, CODEX_AUTH_BACKEND: `${url}/backend-api` };
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

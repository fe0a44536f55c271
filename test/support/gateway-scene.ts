import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { KeyPolicy } from "../../src/budget/policy.ts";
import { transformRequestBody } from "../../src/compat/transform-request-body.ts";
import type { Database } from "../../src/database/database.ts";
import { type Gateway, type GatewayOptions, startGateway } from "../../src/gateway/gateway.ts";
import { createKey, type KeyRole, type MadeKey } from "../../src/gateway/keys/client-keys.ts";
import { policyOf, type PolicyWish } from "../../src/gateway/keys/key-document.ts";
import type { JournalFile } from "../../src/gateway/journal.ts";
import type { Store } from "../../src/store/store.ts";
import { openTestDatabase } from "./databases.ts";
import { FakeResponses } from "./openai/responses.ts";
import { type Answer, send } from "./proxy-scene.ts";
import { homeWith, storeOf } from "./store-home.ts";
import { fastFolder } from "./fast-folder.ts";

/** A file of settlements in a folder that goes when the test ends. */
function testJournal(): JournalFile & { readonly path: string } {
  const folder = mkdtempSync(join(fastFolder, "codex-auth-journal-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "journal.jsonl");
  return {
    path,
    append: (line) => appendFileSync(path, line),
    read: () => (existsSync(path) ? readFileSync(path, "utf8") : ""),
    replace: (text) => writeFileSync(path, text),
  };
}

/** No day, week or month ends within a test of some seconds: shortly before that, it begins after midnight. */
async function awaitMidnight(): Promise<void> {
  const dayMs = 86_400_000;
  const leftMs = dayMs - (Date.now() % dayMs);
  if (leftMs < 20_000) await new Promise((resolve) => setTimeout(resolve, leftMs));
}

export interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
  readonly body?: object | string | Buffer;
}

/** A gateway over a real store and a real database, in front of a fake backend. */
export class GatewayScene {
  readonly store: Store;
  readonly fake: FakeResponses;
  readonly database: Database;
  readonly gateway: Gateway;
  readonly journal: JournalFile & { readonly path: string };

  private constructor(scene: Pick<GatewayScene, "store" | "fake" | "database" | "gateway" | "journal">) {
    this.store = scene.store;
    this.fake = scene.fake;
    this.database = scene.database;
    this.gateway = scene.gateway;
    this.journal = scene.journal;
  }

  static async open(
    names: readonly string[],
    { address, ...options }: Partial<GatewayOptions> & { address?: string } = {},
  ): Promise<GatewayScene> {
    await awaitMidnight();
    const store = storeOf(await homeWith(names));
    const fake = await FakeResponses.start();
    const folder = mkdtempSync(join(fastFolder, "codex-auth-gateway-"));
    const database = await openTestDatabase(address ?? join(folder, "gateway.db"));
    const journal = testJournal();
    const gateway = await startGateway({
      store,
      database,
      journal,
      backend: fake.backend,
      renew: () => Promise.reject(new Error("unexpected renewal")),
      transformBody: (body) => transformRequestBody({ body, codexInstructions: "" }),
      limits: { pollMs: 60_000, holdMs: 0 },
      ...options,
    });
    onTestFinished(async () => {
      await gateway.close();
      await database.close().catch(() => undefined);
      rmSync(folder, { recursive: true, force: true });
    });
    return new GatewayScene({ store, fake, database, gateway, journal });
  }

  async key(name: string, wish: PolicyWish & { role?: KeyRole; expiresMs?: number } = {}): Promise<MadeKey> {
    const { role = "client", expiresMs = null, ...policy } = wish;
    const made: KeyPolicy = policyOf(policy);
    return await createKey(this.database, { name, role, policy: made, expiresMs }, "test");
  }

  ask({ method = "POST", path, key = null, headers = {}, body = "" }: Asked): Promise<Answer> {
    return this.begin({ method, path, key, headers, body }).answer;
  }

  begin({ method = "POST", path, key = null, headers = {}, body = "" }: Asked) {
    const bytes = typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const auth: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };
    const all = { "content-type": "application/json", ...auth, ...headers };
    return send({
      url: new URL(`${this.gateway.origin}${path}`),
      method,
      headers: all,
      body: method === "GET" ? "" : bytes,
    });
  }
}

/** The error of an answer. */
export function errorOf({ text }: Answer): Record<string, unknown> {
  return (JSON.parse(text) as { error: Record<string, unknown> }).error;
}

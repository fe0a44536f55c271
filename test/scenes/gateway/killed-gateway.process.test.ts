import { execFileSync, spawn } from "node:child_process";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { setTimeout as rest } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { UsageBooks } from "../../../src/gateway/limits/usage-books.ts";
import { backEnds } from "../../support/database-backends.ts";
import { openTestDatabase } from "../../support/databases.ts";
import { projectRoot } from "../../support/home.ts";
import { homeWith } from "../../support/store-home.ts";
import { FakeResponses, goodStream } from "../../support/openai/responses.ts";

const binary = join(projectRoot, "bin/codex-auth");
const body = JSON.stringify({ model: "gpt-6-sol", input: "hello", stream: true });
const clients = 8;

describe.each(backEnds())("$name", (backEnd) => {
  test("a gateway that is killed again and again has counted every request that reached OpenAI, and none that was not asked", async () => {
    const fake = await FakeResponses.start();
    for (const name of ["a", "b", "c"]) fake.always(`acct-${name}`, slowly);
    const address = backEnd.address();
    const { dir: home } = await homeWith(["a", "b", "c"]);
    const env = { PATH: process.env["PATH"], HOME: home, CODEX_HOME: home, CODEX_AUTH_BACKEND: fake.backend };
    const run = (...words: string[]) => execFileSync(binary, words, { env, encoding: "utf8" });
    const make = [
      "gateway",
      "key",
      "create",
      "ci",
      "--limit",
      "requests=100m/5h",
      "--limit",
      "tokens=100m/5h",
    ];
    const { key } = JSON.parse(run(...make, "--database", address, "--json")) as {
      key: { id: string; secret: string };
    };
    const headers = { authorization: `Bearer ${key.secret}`, "content-type": "application/json" };
    let [asked, answered] = [0, 0];

    for (let round = 0; round < 4; round += 1) {
      const gateway = spawn(binary, ["gateway", "start", "--database", address], { env });
      const gone = new Promise((resolve) => gateway.once("exit", resolve));
      let said = "";
      gateway.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
      await expect.poll(() => said).toMatch(/listens at \S+/);
      const url = `${/listens at (\S+)/.exec(said)?.[1] ?? ""}/responses`;
      const running = Array.from({ length: clients }, async () => {
        while (gateway.exitCode === null && gateway.signalCode === null) {
          asked += 1;
          const text = await fetch(url, { method: "POST", headers, body }).then(
            (answer) => answer.text(),
            () => "",
          );
          if (text.includes("response.completed")) answered += 1;
        }
      });
      const before = answered;
      await expect.poll(() => answered - before, { interval: 10 }).toBeGreaterThan(5);
      await rest(Math.random() * 400);
      gateway.kill("SIGKILL");
      await Promise.all([gone, ...running]);
    }

    const database = await openTestDatabase(address);
    const books = new UsageBooks(database);
    // What a server was asked before its client was killed may still be on its way.
    await expect.poll(async () => await books.sweep(() => true), { interval: 300 }).toBe(0);
    const { counters, tickets } = await books.read(key.id);
    await database.close();
    const used = counters["requests/5h"]?.used ?? 0;
    expect(tickets).toEqual([]);
    expect(answered).toBeGreaterThan(20);
    expect([used >= fake.received.length, fake.received.length >= answered, used <= asked]).toEqual([
      true,
      true,
      true,
    ]);
    // At most what was on its way to OpenAI when it was killed is counted beside what arrived there.
    expect(used - fake.received.length).toBeLessThanOrEqual(4 * clients);
    // An answer takes 16 tokens, and what was cut by a kill all that its ticket held: nothing else adds up to the sum.
    const held = 2048 + Math.ceil(Buffer.byteLength(body) / 4);
    const cut = ((counters["tokens/5h"]?.used ?? 0) - used * 16) / (held - 16);
    expect([cut, cut >= 0, cut <= 4 * clients]).toEqual([Math.floor(cut), true, true]);
  });
});

function slowly(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  setTimeout(() => response.end(goodStream()), Math.random() * 20);
}

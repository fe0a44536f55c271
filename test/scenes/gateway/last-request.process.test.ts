import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { backEnds } from "../../support/database-backends.ts";
import { projectRoot } from "../../support/home.ts";
import { FakeResponses } from "../../support/openai/responses.ts";
import { homeWith } from "../../support/store-home.ts";

const binary = join(projectRoot, "bin/codex-auth");
const cache = process.env["CODEX_AUTH_E2E_CACHE"] ?? join(projectRoot, "node_modules/.cache/codex");
/** This Node, and newer ones with a SQLite of their own where the tests with real clients have put them. */
const newer = ["node-22", "node-24"].map((name) => join(cache, name, "node_modules/node/bin/node"));
const nodes = [process.execPath, ...newer].filter((path) => existsSync(path));

interface Started {
  readonly env: Record<string, string | undefined>;
  readonly url: string;
}

/** A gateway in a process of its own, with a pool of its own. */
async function start(node: string, backend: string, address: string): Promise<Started> {
  const { dir: home } = await homeWith(["a"]);
  const env = { PATH: process.env["PATH"], HOME: home, CODEX_HOME: home, CODEX_AUTH_BACKEND: backend };
  const child = spawn(node, [binary, "gateway", "start", "--database", address], { env });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
  await expect.poll(() => said).toMatch(/listens at \S+/);
  return { env, url: /listens at (\S+)/.exec(said)?.[1] ?? "" };
}

/** More of it, and the figures: CODEX_AUTH_ROUNDS=20 CODEX_AUTH_GATEWAYS=3 npx vitest run … -t PostgreSQL */
const rounds = Number(process.env["CODEX_AUTH_ROUNDS"] ?? 2);
const gateways = Number(process.env["CODEX_AUTH_GATEWAYS"] ?? 2);

describe.each(nodes)("under %s", (node) => {
  describe.each(backEnds())("$name", (backEnd) => {
    test("of fifty at once, through several processes, on the last request of a limit exactly one passes, each time", async () => {
      const fake = await FakeResponses.start();
      const address = backEnd.address();
      const started: Started[] = [];
      for (let at = 0; at < gateways; at += 1) started.push(await start(node, fake.backend, address));
      const passed: number[] = [];
      for (let round = 1; round <= rounds; round += 1) {
        const make = ["gateway", "key", "create", `ci-${round}`, "--limit", "requests=1/5h"];
        const made = JSON.parse(
          execFileSync(node, [binary, ...make, "--database", address, "--json"], {
            env: started[0]?.env,
            encoding: "utf8",
          }),
        ) as { key: { secret: string } };
        const headers = { authorization: `Bearer ${made.key.secret}`, "content-type": "application/json" };
        const body = JSON.stringify({ model: "gpt-6-sol", input: "hello", stream: true });
        const asked = Array.from({ length: 50 }, async (_, at) => {
          const url = `${started[at % gateways]?.url}/responses`;
          const answer = await fetch(url, { method: "POST", headers, body });
          await answer.text();
          return answer.status;
        });
        const statuses = (await Promise.all(asked)).toSorted((a, b) => a - b);
        expect(statuses).toEqual([200, ...Array.from({ length: 49 }, () => 429)]);
        expect(fake.received).toHaveLength(round);
        passed.push(statuses.filter((status) => status === 200).length);
      }
      if (rounds > 2)
        process.stdout.write(
          `${backEnd.name}, ${gateways} gateways, passed in each round: ${passed.join(" ")}\n`,
        );
    });
  });
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { answersByName } from "./clients/scenes.ts";
import { clientsFolder, hasClients, nodeIn, openCodeBinary, root } from "./install.mjs";
import { run } from "./support/codex.ts";
import { RealGateway } from "./support/gateway-scene.ts";

// Real client libraries, each in a process of Node 22 or newer, against the real gateway in front of a fake backend.

interface Check {
  readonly name: string;
  readonly isRight: boolean;
  readonly got?: unknown;
}

const counts: string[] = [];
let total = 0;

afterAll(() => {
  console.log(`gateway clients: ${total} checks (${counts.join(", ")})`);
});

async function sceneOf() {
  const scene = await RealGateway.open(["a"]);
  scene.upstream.always("acct-a", answersByName);
  scene.upstream.models = ["gpt-6-sol", "gpt-6-luna"];
  const env = {
    GATEWAY_URL: scene.url,
    GATEWAY_KEY: await scene.key("free"),
    GATEWAY_LUNA_KEY: await scene.key("luna", ["--model", "gpt-6-luna"]),
    GATEWAY_LIMITED_KEY: await scene.key("limited", ["--limit", "requests=1/5h"]),
    GATEWAY_SHORT_KEY: await scene.key("short", ["--limit", "requests=1/minute"]),
  };
  return { scene, env };
}

/** Runs a script of the clients folder where its packages are, and gives what it checked. */
async function checksOf(script: string, env: Record<string, string>): Promise<Check[]> {
  const folder = mkdtempSync(join(clientsFolder(), "run-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(root, "test/e2e/clients"), folder, { recursive: true });
  const child = spawn(nodeIn("22"), [script], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", ...env },
  });
  const [said, complained] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  const lines = said.split("\n").filter((line) => line.startsWith('{"name"'));
  expect(child.exitCode === 0 ? "" : complained).toBe("");
  return lines.map((line) => JSON.parse(line) as Check);
}

/** Nothing that the backend does not take, nothing that the client did not say, and no key of ours. */
function expectTaken(body: string, headers: object): void {
  const sent = JSON.parse(body) as { [field: string]: unknown; input: Item[]; tools?: unknown };
  const known = new Set([
    "model",
    "input",
    "instructions",
    "store",
    "stream",
    "tools",
    "tool_choice",
    "text",
    "reasoning",
    "include",
  ]);
  expect(Object.keys(sent).filter((name) => !known.has(name))).toEqual([]);
  expect([sent["store"], sent["stream"]]).toEqual([false, true]);
  expect(JSON.stringify(sent.tools ?? [])).not.toContain("$schema");
  expect(body.includes('"tools"')).toBe(Array.isArray(sent.tools));
  expect(sent.input.filter(({ role }) => role === "system")).toEqual([]);
  expect(
    sent.input.flatMap((item) => Object.keys(item)).filter((key) => /annotations|refusal/.test(key)),
  ).toEqual([]);
  expect(JSON.stringify(headers) + body).not.toContain("sk-ca-");
}

interface Item {
  readonly role?: string;
}

const clients: readonly [name: string, script: string, atLeast: number][] = [
  ["the openai SDK", "openai.mjs", 90],
  ["the AI SDK with @ai-sdk/openai, over chat and responses", "ai-sdk.mjs", 55],
  ["the AI SDK with @ai-sdk/openai-compatible, as OpenCode uses it", "opencode.mjs", 40],
  ["LangChain, over chat and responses", "langchain.mjs", 25],
];

test.runIf(hasClients()).each(clients)("%s", async (name, script, atLeast) => {
  const { scene, env } = await sceneOf();
  const checks = await checksOf(script, env);
  expect(checks.filter(({ isRight }) => !isRight)).toEqual([]);
  expect(checks.length).toBeGreaterThanOrEqual(atLeast);
  for (const { body, headers } of scene.upstream.received) expectTaken(body.toString(), headers);
  total += checks.length;
  counts.push(`${name}: ${checks.length}`);
});

const openCode = openCodeBinary();

test.runIf(openCode)("OpenCode itself: a turn, and a refusal whose text is shown", async () => {
  const { scene, env } = await sceneOf();
  const { stdout } = await scene.done(["gateway", "client", "opencode", "--json"]);
  const settings = (JSON.parse(stdout) as { lines: string[] }).lines.slice(1).join("\n");
  const folder = mkdtempSync(join(clientsFolder(), "opencode-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "opencode.json"), settings.replace("<model>", "gpt-6-sol"));
  const ask = (secret: string, words: string) =>
    run(openCode ?? "", ["run", "-m", "pool/gpt-6-sol", words], {
      home: join(folder, ".codex"),
      cwd: folder,
      env: { CODEX_POOL_KEY: secret, OPENCODE_DISABLE_MODELS_FETCH: "1", OPENCODE_DISABLE_AUTOUPDATE: "1" },
    });
  const told = await ask(env.GATEWAY_KEY, "scene:text");
  expect([told.status, told.stdout.trim()]).toEqual([0, "hello"]);
  const refused = await ask(env.GATEWAY_LUNA_KEY, "scene:text");
  expect(refused.stdout + refused.stderr).toContain("This API key may not use the model gpt-6-sol.");
  for (const { body, headers } of scene.upstream.received) expectTaken(body.toString(), headers);
});

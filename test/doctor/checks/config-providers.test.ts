import { once } from "node:events";
import * as fs from "node:fs";
import { createServer } from "node:http";
import { expect, test } from "vitest";
import { baseUrlDead } from "../../../src/doctor/checks/config-providers.ts";
import type { Facts } from "../../../src/doctor/facts.ts";
import { TestHome } from "../../support/home.ts";

/** What is found on a machine without /proc, where a port must be asked. */
async function ids(url: string): Promise<number> {
  const home = new TestHome();
  const openSync = () => {
    throw Object.assign(new Error("none"), { code: "ENOENT" });
  };
  const tree = { openai_base_url: url };
  const scene = {
    ctx: { fs: { ...fs, openSync }, fetch },
    paths: { configFile: home.file("config.toml") },
    config: { tree, text: `openai_base_url = "${url}"\n` },
  };
  const looked = await baseUrlDead.look(scene as unknown as Facts);
  return "skipped" in looked ? -1 : looked.length;
}

test("a port is asked where the system does not tell, and any answer means that somebody is there", async () => {
  const asked: string[] = [];
  const server = createServer((request, reply) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? "without credentials"}`);
    reply.writeHead(503).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  expect(await ids(`http://127.0.0.1:${port}/secret/v1`)).toBe(0);
  expect(asked).toEqual(["HEAD / without credentials"]);
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  expect(await ids(`http://127.0.0.1:${port}/secret/v1`)).toBe(1);
});

test.each(["https://gateway.example/v1", "http://10.0.0.1:1/v1", "not a url", "http://127.0.0.1.example/v1"])(
  "%s is not of this machine, and nobody is asked",
  async (url) => {
    expect(await ids(url)).toBe(0);
  },
);

import { expect, onTestFinished, test } from "vitest";
import { Outage } from "../../src/database/outage.ts";

const gone = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });

function failing(error: Error) {
  return async () => {
    throw error;
  };
}

/** A server that is there or not, and how often somebody waited for it. */
function scene() {
  const server = { isUp: false, looks: 0, asked: 0 };
  const outage = new Outage(() => {
    server.looks += 1;
    return server.isUp ? Promise.resolve() : Promise.reject(gone);
  });
  onTestFinished(() => outage.end());
  return { server, outage };
}

// On a network that swallows what is sent, each request with a limit waited five seconds for its own connection.
test("while a server is away everybody is told at once, and it is found again", async () => {
  const { server, outage } = scene();
  await expect(outage.pass(failing(gone))).rejects.toBe(gone);
  expect(outage.isAway).toBe(true);
  const ask = () => outage.pass(() => Promise.resolve((server.asked += 1)));
  for (let tries = 0; tries < 20; tries += 1) await expect(ask()).rejects.toBe(gone);
  expect(server.asked).toBe(0);
  server.isUp = true;
  await expect.poll(() => outage.isAway).toBe(false);
  expect(await ask()).toBe(1);
  expect(server.looks).toBeLessThan(10);
});

test.each([
  ["what the server says of a statement", "57014", false],
  ["a lock that is not to be had", "55P03", false],
  ["a server that shuts down", "57P01", true],
  ["a server that is not ready", "57P03", true],
])("%s: %s, away: %s", async (_, code, isAway) => {
  const { outage } = scene();
  const error = Object.assign(new Error("said"), { severity: "ERROR", code });
  await expect(outage.pass(failing(error))).rejects.toBe(error);
  expect(outage.isAway).toBe(isAway);
});

test("a wait for one of our own connections is no outage", async () => {
  const { outage } = scene();
  const error = new Error("timeout exceeded when trying to connect");
  await expect(outage.pass(failing(error))).rejects.toBe(error);
  expect(outage.isAway).toBe(false);
});

import { readdirSync, readFileSync } from "node:fs";
import { parseSse, parseStreamFailure } from "../../src/errors/stream-failure.ts";

const folder = new URL("../../fixtures/upstream/", import.meta.url);

/** 2026-11-21T00:00:00Z, the moment at which every fixture was answered. */
export const fixtureNowMs = 1_795_219_200_000;

export interface HttpFixture {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export function fixtureNames(): string[] {
  return readdirSync(folder).map((name) => name.replace(/\.\w+$/, ""));
}

/** What `classifyFailure` is given: an HTTP answer, the failing event of a stream, or a network error. */
export function readFailure(name: string): object {
  if (name.startsWith("network-") || name.startsWith("websocket-")) {
    return JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
  }
  const answer = readHttp(name);
  if (answer.status !== 200) return answer;
  const failing = parseSse(answer.body).find(({ data }) => parseStreamFailure(data));
  if (!failing) throw new Error(`${name} holds no failing event`);
  return JSON.parse(failing.data);
}

export function readHttp(name: string): HttpFixture {
  const text = readFileSync(new URL(`${name}.http`, folder), "utf8");
  const end = text.indexOf("\n\n");
  const [statusLine = "", ...lines] = text.slice(0, end).split("\n");
  const headers = Object.fromEntries(lines.map((line) => splitAt(line, line.indexOf(":"))));
  return { status: Number(statusLine.split(" ")[1]), headers, body: text.slice(end + 2).replace(/\n$/, "") };
}

function splitAt(line: string, at: number): [string, string] {
  return [line.slice(0, at), line.slice(at + 1).trim()];
}

import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { peek } from "../../../src/proxy/answers/first-event.ts";

const waits = { firstEventMs: 5_000, preambleMs: 5_000 };
const created = '{"type":"response.created","response":{}}';
const delta = '{"type":"response.output_text.delta","delta":"x"}';
const failed = '{"type":"response.failed","response":{"error":{"code":"server_error"}}}';

async function judged(text: string, pieceBytes = text.length): Promise<string> {
  const stream = new PassThrough();
  const beginning = peek(stream as unknown as IncomingMessage, waits);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    stream.write(bytes.subarray(at, at + pieceBytes));
    await new Promise((resolve) => setImmediate(resolve));
  }
  stream.end();
  const { kind, held } = await beginning;
  expect(bytes.subarray(0, Buffer.concat(held).length).equals(Buffer.concat(held))).toBe(true);
  return kind;
}

describe("a stream is judged by its first event that means something", () => {
  const beginnings: [what: string, text: string, kind: string][] = [
    ["a delta", `data: ${delta}\n\n`, "visible"],
    ["a name before the data", `event: response.created\ndata: ${created}\n\ndata: ${failed}\n\n`, "failed"],
    ["carriage returns", `event: x\r\ndata: ${created}\r\n\r\ndata: ${failed}\r\n\r\n`, "failed"],
    ["comments", `: hello\n\n: hello\n\ndata: ${failed}\n\n`, "failed"],
    ["a comment inside the event", `: hello\ndata: ${created}\n\ndata: ${failed}\n\n`, "failed"],
    ["an id before the data", `id: 7\ndata: ${created}\n\ndata: ${delta}\n\n`, "visible"],
    ["data in two lines", `data: {"a":1,\ndata: "type":"response.failed"}\n\n`, "failed"],
    ["text before the object", `data: x\ndata: ${created}\n\n`, "visible"],
    ["a type behind an object", `data: {"response":{},"type":"response.created"}\n\n`, "ended"],
    ["a bare error", `data: {"error":{"message":"no"}}\n\n`, "failed"],
    ["a failure that is no JSON", `data: {"type":"error"\n\n`, "visible"],
    ["umlauts before the type", `data: {"a":"${"ä".repeat(150)}","type":"error"}\n\n`, "failed"],
    ["nothing but a preamble", `data: ${created}\n\n`, "ended"],
  ];
  test.each(beginnings)("%s", async (_, text, kind) => {
    expect(await judged(text)).toBe(kind);
    for (const pieceBytes of [1, 7]) expect(await judged(text, pieceBytes)).toBe(kind);
  });
});

import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { readBody, replaceBody } from "../../../src/proxy/door/body.ts";
import { defaultLimits } from "../../../src/proxy/options.ts";

test("a body that nobody has to send again is kept by nobody, in whatever form", async () => {
  for (const isReplaced of [false, true]) {
    const request = new PassThrough();
    const budget = { heldBytes: 0 };
    const reading = readBody(request as unknown as IncomingMessage, budget, defaultLimits);
    request.end("hello");
    const read = await reading;
    if (read.kind !== "body") throw new Error(read.kind);
    const { body } = read;
    if (isReplaced) replaceBody(body, Buffer.from("other bytes"));
    expect([body.size, String(Buffer.concat(body.chunks)), budget.heldBytes]).toEqual(
      isReplaced ? [11, "other bytes", 5] : [5, "hello", 5],
    );
    for (const _ of [1, 2]) body.release();
    expect([body.chunks, budget.heldBytes]).toEqual([[], 0]);
  }
});

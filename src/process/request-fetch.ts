import { type Agent, type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { Readable } from "node:stream";

/** fetch over connections of this agent; null: direct ones. Follows no redirect. */
export async function requestFetch(agent: Agent | null, url: string, init?: RequestInit): Promise<Response> {
  // Reads every form of body and headers, and what follows from them.
  const wanted = new Request(url, init);
  const { method, signal } = wanted;
  const body = Buffer.from(await wanted.arrayBuffer());
  const send = url.startsWith("https:") ? httpsRequest : httpRequest;
  const length = method === "GET" || method === "HEAD" ? {} : { "content-length": String(body.length) };
  const headers = { ...Object.fromEntries(wanted.headers), ...length };
  return await new Promise((resolve, reject) => {
    const request = send(url, { method, headers, signal, agent: agent ?? false });
    request.once("error", (error) => reject(signal.aborted ? signal.reason : error));
    request.once("response", (answer) => {
      if (wanted.redirect !== "error" || answer.headers.location === undefined)
        return resolve(responseOf(answer));
      answer.destroy();
      reject(new TypeError("An unexpected redirect."));
    });
    request.end(body);
  });
}

const bodiless = new Set([204, 205, 304]);

function responseOf(answer: IncomingMessage): Response {
  const status = answer.statusCode ?? 0;
  const pairs = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  if (bodiless.has(status)) answer.resume();
  const body = bodiless.has(status) ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
  return new Response(body, { status, headers: new Headers(pairs) });
}

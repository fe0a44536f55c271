import { Agent as HttpAgent, request as httpRequest } from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Body } from "./body.ts";

export interface UpstreamRequest {
  readonly origin: string;
  readonly path: string;
  readonly method: "GET" | "POST";
  /** Flat, with host and content-length. */
  readonly headers: readonly string[];
  readonly body: Body | null;
  /** Until the headers of the answer. */
  readonly headersMs: number;
}

type UpstreamAnswer =
  | { readonly kind: "answer"; readonly response: IncomingMessage; readonly request: ClientRequest }
  | { readonly kind: "lost"; readonly error: Error };

/** A request on its way; `abort` ends it at once, whatever it is waiting for. */
export interface Sending {
  readonly answer: Promise<UpstreamAnswer>;
  abort(): void;
}

/** Keep-alive connections to OpenAI, one pool for each origin. */
export class Upstream {
  readonly #agents = new Map<string, HttpAgent>();

  send(wanted: UpstreamRequest): Sending {
    let current: ClientRequest | null = null;
    let isAborted = false;
    const start = (): Promise<UpstreamAnswer> => {
      const attempt = this.#start(wanted);
      current = attempt.request;
      if (isAborted) current.destroy();
      return attempt.answer;
    };
    // An idle connection may be closed by upstream in the moment that we use it: no account's fault.
    const answer = start().then((first) => {
      const isStale = first.kind === "lost" && current?.reusedSocket === true && isReset(first.error);
      return isStale && !isAborted ? start() : first;
    });
    const abort = () => {
      isAborted = true;
      current?.destroy();
    };
    return { answer, abort };
  }

  /** The agent of an origin, for an upgrade. */
  agentOf(origin: string): HttpAgent {
    const known = this.#agents.get(origin);
    if (known) return known;
    const options = { keepAlive: true, noDelay: true, maxFreeSockets: 64, scheduling: "lifo" } as const;
    const agent = origin.startsWith("https:") ? new HttpsAgent(options) : new HttpAgent(options);
    this.#agents.set(origin, agent);
    return agent;
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  #start({ origin, path, method, headers, body, headersMs }: UpstreamRequest) {
    const request = this.open(origin, path, method, headers);
    const answer = new Promise<UpstreamAnswer>((resolve) => {
      const timer = setTimeout(() => request.destroy(new SlowAnswer(headersMs)), headersMs);
      request.once("response", (response) => {
        clearTimeout(timer);
        resolve({ kind: "answer", response, request });
      });
      request.once("error", (error) => {
        clearTimeout(timer);
        resolve({ kind: "lost", error });
        // A later error belongs to the answer, which tells of it itself.
        request.on("error", () => undefined);
      });
      request.once("close", () => {
        clearTimeout(timer);
        resolve({ kind: "lost", error: new Error("The connection was closed.") });
      });
    });
    writeBody(request, body);
    return { request, answer };
  }

  /** A request whose body is still to be written. */
  open(origin: string, path: string, method: "GET" | "POST", headers: readonly string[]): ClientRequest {
    const { protocol, hostname, port } = new URL(origin);
    const send = protocol === "https:" ? httpsRequest : httpRequest;
    const host = hostname.replace(/^\[|\]$/g, "");
    const agent = this.agentOf(origin);
    return send({ host, port, path, method, headers: headers as string[], agent, setHost: false });
  }
}

/** Upstream was connected, but gave no headers. */
export class SlowAnswer extends Error {
  readonly code = "ETIMEDOUT";

  constructor(headersMs: number) {
    super(`OpenAI gave no answer within ${headersMs / 1000} s.`);
    this.name = "SlowAnswer";
  }
}

function writeBody(request: ClientRequest, body: Body | null): void {
  const chunks = body?.chunks ?? [];
  for (const chunk of chunks.slice(0, -1)) request.write(chunk);
  request.end(chunks.at(-1));
}

function isReset(error: Error): boolean {
  const code = "code" in error ? error.code : null;
  return code === "ECONNRESET" || code === "EPIPE";
}

const longestText = 1024 * 1024;

/** The start of an answer's body, up to 1 MB, and whether that is all of it. */
export function readStart(
  response: IncomingMessage,
  withinMs: number,
): Promise<{ bytes: Buffer; isWhole: boolean }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => conclude(false), withinMs);
    const onData = (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > longestText) conclude(false);
    };
    const onEnd = () => conclude(true);
    const onClose = () => conclude(false);

    function conclude(isWhole: boolean): void {
      clearTimeout(timer);
      response.pause();
      response.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
      response.on("error", () => undefined);
      resolve({ bytes: Buffer.concat(chunks), isWhole });
    }

    response.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  });
}

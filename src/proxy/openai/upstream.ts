import {
  Agent as HttpAgent,
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Agents } from "../../openai/backend.ts";
import type { Body } from "../door/body.ts";

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

interface Origin {
  readonly send: typeof httpRequest;
  readonly options: RequestOptions;
  readonly agent: HttpAgent;
}

/** Keep-alive connections to OpenAI, one pool for each origin. */
export class Upstream {
  readonly #origins = new Map<string, Origin>();
  readonly #agents: Agents;

  constructor(agents: Agents) {
    this.#agents = agents;
  }

  send(wanted: UpstreamRequest): Sending {
    let current: ClientRequest | null = null;
    let isAborted = false;
    const start = (isLast: boolean, resolve: (answer: UpstreamAnswer) => void): void => {
      const request = this.#open(wanted);
      if (request instanceof Error) return resolve({ kind: "lost", error: request });
      current = request;
      ask(request, wanted, (answer) => {
        const isDead = !isLast && !isAborted && answer.kind === "lost";
        if (isDead && this.mayAskAgain(wanted.origin, request, answer.error)) start(true, resolve);
        else resolve(answer);
      });
    };
    const abort = () => {
      isAborted = true;
      current?.destroy();
    };
    return { answer: new Promise((resolve) => start(false, resolve)), abort };
  }

  /**
   * A connection that was idle may be dead after a pause, and is then no account's fault: one more request is worth it.
   * The others were idle for longer, so the next request gets a fresh connection.
   */
  mayAskAgain(origin: string, { reusedSocket }: ClientRequest, error: Error): boolean {
    if (!reusedSocket || !isReset(error)) return false;
    const idle = Object.values(this.#origins.get(origin)?.agent.freeSockets ?? {});
    for (const socket of idle.flatMap((sockets) => sockets ?? [])) socket.destroy();
    return true;
  }

  close(): void {
    for (const { agent } of this.#origins.values()) agent.destroy();
  }

  /** An error: the request cannot even be made, for example with a token that is no header. */
  #open({ origin, path, method, headers }: UpstreamRequest): ClientRequest | Error {
    try {
      return this.open(origin, path, method, headers);
    } catch (error) {
      return error instanceof Error ? error : new Error("The request cannot be made.");
    }
  }

  /** A request whose body is still to be written. Throws for what cannot be a header. */
  open(origin: string, path: string, method: "GET" | "POST", headers: readonly string[]): ClientRequest {
    const known = this.#origins.get(origin) ?? makeOrigin(origin, this.#agents);
    this.#origins.set(origin, known);
    return known.send({ ...known.options, path, method, headers: headers as string[] });
  }
}

/** `tell` is called once, with the answer or with why there is none. */
function ask(
  request: ClientRequest,
  { headersMs, body }: UpstreamRequest,
  tell: (answer: UpstreamAnswer) => void,
): void {
  let isTold = false;
  const timer = setTimeout(() => request.destroy(new SlowAnswer(headersMs)), headersMs);
  const conclude = (answer: UpstreamAnswer) => {
    if (isTold) return;
    isTold = true;
    clearTimeout(timer);
    tell(answer);
  };
  request.on("response", (response) => conclude({ kind: "answer", response, request }));
  // A later error belongs to the answer, which tells of it itself.
  request.on("error", (error) => conclude({ kind: "lost", error }));
  // It closes after every answer, too, and an error is dear to make.
  request.on(
    "close",
    () => isTold || conclude({ kind: "lost", error: new Error("The connection was closed.") }),
  );
  writeBody(request, body);
}

// Edges in front of OpenAI send long policies.
const longestHead = 64 * 1024;

function makeOrigin(origin: string, agents: Agents): Origin {
  const { protocol, hostname, port } = new URL(origin);
  const isTls = protocol === "https:";
  const kept = { keepAlive: true, noDelay: true, maxFreeSockets: 64, scheduling: "lifo" } as const;
  const given = agents(origin, kept) as HttpAgent | null;
  const agent = given ?? (isTls ? new HttpsAgent(kept) : new HttpAgent(kept));
  const host = hostname.replace(/^\[|\]$/g, "");
  const options = { host, port, agent, setHost: false, maxHeaderSize: longestHead };
  return { send: isTls ? httpsRequest : httpRequest, options, agent };
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
  for (let at = 0; at < chunks.length - 1; at += 1) request.write(chunks[at]);
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

import type { Server } from "node:http";
import type { Socket } from "node:net";
import { toErrorEnvelope } from "../../errors/envelope.ts";

/** A request that names no host is refused by the door, as one that names another. */
export const serverOptions = { maxHeaderSize: 64 * 1024, noDelay: true, requireHostHeader: false } as const;

/** What is no request, or expects what nobody knows, is refused in the form of every other refusal. */
export function answerWhatIsBroken(server: Server): void {
  server.on("checkExpectation", ({ socket }) => refuseRaw(socket, ...unknownExpectation));
  server.on("clientError", refuseBrokenRequest);
}

const unknownExpectation = [
  "417 Expectation Failed",
  "The Expect header asks for something unknown.",
] as const;
const reasons: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ["431 Request Header Fields Too Large", "The headers of the request are too large."],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "The request did not arrive in time."],
};
const noHttp = ["400 Bad Request", "The request is not valid HTTP."] as const;

/** How long a client that was refused may take to read that. */
const lingerMs = 1_000;

function refuseBrokenRequest({ code = "" }: NodeJS.ErrnoException, socket: Socket): void {
  const isAnswering = socket.bytesWritten > 0;
  if (isAnswering || !socket.writable || code === "ECONNRESET") return void socket.destroy();
  const [status, message] = reasons[code] ?? noHttp;
  refuseRaw(socket, status, message);
}

function refuseRaw(socket: Socket, status: string, message: string): void {
  const body = JSON.stringify(toErrorEnvelope({ code: "invalid_request_error", message }));
  const headers = `connection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
  socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
  // A client that does not end its half would stay for ever.
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once("close", () => clearTimeout(timer));
}

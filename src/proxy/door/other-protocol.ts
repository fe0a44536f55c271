import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";

/**
 * A request that offers to go on in a protocol that nobody here speaks is answered as if it offered nothing: Java's own client
 * offers HTTP/2 (`h2c`) with the first request of every connection. True when that has been seen to.
 */
export function ignoreOffer(server: Server, request: IncomingMessage, socket: Socket, head: Buffer): boolean {
  const { method, url, httpVersion, rawHeaders } = request;
  if (method === "GET" && listed(request.headers.upgrade).includes("websocket")) return false;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    const isOffer = ["upgrade", "http2-settings"].includes(name.toLowerCase());
    const kept = name.toLowerCase() === "connection" ? withoutOffer(value) : value;
    if (!isOffer && kept !== "") lines.push(`${name}: ${kept}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), head]));
  server.emit("connection", socket);
  return true;
}

function withoutOffer(connection: string): string {
  return listed(connection)
    .filter((each) => each !== "upgrade" && each !== "http2-settings")
    .join(", ");
}

function listed(header = ""): string[] {
  return header.split(",").map((each) => each.trim().toLowerCase());
}

// What a reverse proxy of node:http costs that does nothing else: it reads a body, sends it on and passes the answer
// back. The rotation proxy cannot be cheaper than this. Answers every message with what it has used. Usage: node bare-forwarder.mjs BACKEND
import { Agent, createServer, request } from "node:http";

const { hostname: host, port } = new URL(process.argv[2]);
const agent = new Agent({ keepAlive: true, noDelay: true, scheduling: "lifo" });

const server = createServer({ noDelay: true }, (asked, answer) => {
  const chunks = [];
  asked.on("data", (chunk) => chunks.push(chunk));
  asked.on("end", () => {
    const { url: path, method, rawHeaders: headers } = asked;
    const sent = request({ host, port, path, method, headers, agent, setHost: false }, (given) => {
      answer.writeHead(given.statusCode, { "content-type": given.headers["content-type"] });
      given.on("data", (chunk) => answer.write(chunk) || given.pause());
      given.on("end", () => answer.end());
      answer.on("drain", () => given.resume());
    });
    for (const chunk of chunks) sent.write(chunk);
    sent.end();
  });
});

process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpuMs: (user + system) / 1000, maxRssMb: process.resourceUsage().maxRSS / 1024 });
});
server.listen(0, "127.0.0.1", () => process.send(server.address().port));

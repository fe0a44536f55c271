// The Codex backend of the benchmark, as cheap as JavaScript can make it: bytes in, prebuilt bytes out. Prints its
// port. The header x-bench says what to answer: nothing for a short turn, `big` for 50 MB of events.
import { createServer } from "node:net";

const short = [
  { type: "response.created", response: { id: "resp_1" } },
  { type: "response.output_text.delta", delta: "hello" },
  { type: "response.completed", response: { id: "resp_1", usage: { input_tokens: 11, output_tokens: 5 } } },
];
const sse = (events) => events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
const limits = [
  "x-codex-primary-used-percent: 12",
  "x-codex-primary-window-minutes: 300",
  "x-codex-primary-reset-after-seconds: 9000",
  "x-codex-secondary-used-percent: 30",
  "x-codex-secondary-window-minutes: 10080",
  "x-codex-secondary-reset-after-seconds: 400000",
];
const head = ["HTTP/1.1 200 OK", "content-type: text/event-stream", ...limits].join("\r\n");
const chunk = (text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const shortAnswer = Buffer.from(`${head}\r\ntransfer-encoding: chunked\r\n\r\n${chunk(sse(short))}0\r\n\r\n`);

// 800 pieces of 64 KiB, each of 128 events of 512 bytes.
const delta = sse([{ type: "response.output_text.delta", delta: "" }]);
const event = sse([{ type: "response.output_text.delta", delta: "x".repeat(512 - delta.length) }]);
const piece = Buffer.from(chunk(event.repeat(128)));
const pieces = 800;
const bigHead = Buffer.from(`${head}\r\ntransfer-encoding: chunked\r\n\r\n`);
const bigEnd = Buffer.from(`${chunk(sse(short.slice(2)))}0\r\n\r\n`);

const server = createServer((socket) => {
  socket.setNoDelay(true).on("error", () => socket.destroy());
  let headText = "";
  let missing = 0;
  socket.on("data", (bytes) => {
    if (missing > 0) {
      missing -= bytes.length;
    } else {
      headText += bytes.toString("latin1");
      const end = headText.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(headText)?.[1] ?? 0);
      missing = length - (headText.length - end - 4);
      headText = headText.slice(0, end);
    }
    if (missing > 0) return;
    const asked = headText;
    headText = "";
    answer(socket, asked);
  });
});

function answer(socket, asked) {
  if (asked.includes("/accounts/check")) return void socket.write(checkAnswer(asked));
  if (/\r\nx-bench: big/i.test(asked)) return sendBig(socket);
  socket.write(shortAnswer);
}

function sendBig(socket) {
  let sent = 0;
  socket.write(bigHead);
  const more = () => {
    while (sent < pieces) {
      sent += 1;
      if (socket.write(piece)) continue;
      socket.once("drain", more);
      return;
    }
    socket.write(bigEnd);
  };
  more();
}

function checkAnswer(asked) {
  const id = /\r\nchatgpt-account-id: *(\S+)/i.exec(asked)?.[1];
  const body = JSON.stringify({ accounts: [{ id }] });
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

server.listen(0, "127.0.0.1", () => process.send(server.address().port));

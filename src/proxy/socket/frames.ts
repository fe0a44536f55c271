import { randomBytes } from "node:crypto";
import { responseFailedEvent } from "../../errors/stream-failure.ts";
import { parseJson } from "../../text/json.ts";
import type { ProxyAnswer } from "../answers/refusals.ts";
import { silenceText } from "../answers/relay.ts";

/** One frame of a WebSocket, as it came and as it reads. */
export interface Frame {
  readonly raw: Buffer;
  readonly isLast: boolean;
  /** 0 goes on with a message, 1 text, 2 binary, 8 close, 9 ping, 10 pong. */
  readonly opcode: number;
  /** Unmasked. */
  readonly payload: Buffer;
}

const longestFrame = 64 * 1024 * 1024;

/** Cuts the bytes of one direction into frames. Throws for a frame that is longer than any request may be. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #wanted = 2;

  read(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // Pieces of a long frame are joined once, when it is complete.
    if (this.#bytes < this.#wanted) return [];
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    const frames: Frame[] = [];
    for (let size = frameSize(rest); rest.length >= size; size = frameSize(rest)) {
      frames.push(frameOf(rest.subarray(0, size)));
      rest = rest.subarray(size);
    }
    this.#chunks = [rest];
    this.#bytes = rest.length;
    this.#wanted = frameSize(rest);
    return frames;
  }
}

/** Bytes of the frame that begins here, or how many are needed to know. */
function frameSize(bytes: Buffer): number {
  if (bytes.length < 2) return 2;
  const { head, isMasked, short } = headOf(bytes);
  if (bytes.length < head) return head;
  const length =
    short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (length > longestFrame) throw new Error("A WebSocket frame is too long.");
  return head + (isMasked ? 4 : 0) + length;
}

function headOf(bytes: Buffer) {
  const second = bytes[1] ?? 0;
  const short = second & 0x7f;
  return { isMasked: (second & 0x80) !== 0, short, head: short === 127 ? 10 : short === 126 ? 4 : 2 };
}

function frameOf(raw: Buffer): Frame {
  const { head, isMasked } = headOf(raw);
  const first = raw[0] ?? 0;
  const payload = isMasked ? unmasked(raw, head) : raw.subarray(head);
  return { raw, isLast: (first & 0x80) !== 0, opcode: first & 0x0f, payload };
}

function unmasked(raw: Buffer, at: number): Buffer {
  const payload = Buffer.from(raw.subarray(at + 4));
  for (let index = 0; index < payload.length; index += 1)
    payload[index] = (payload[index] ?? 0) ^ (raw[at + (index & 3)] ?? 0);
  return payload;
}

/** A text frame from a server. */
export function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([textHead(payload.length), payload]);
}

/** A text frame from a client, masked as those must be. */
export function maskedTextFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = textHead(payload.length);
  head[1] = (head[1] ?? 0) | 0x80;
  const mask = randomBytes(4);
  for (let at = 0; at < payload.length; at += 1) payload[at] = (payload[at] ?? 0) ^ (mask[at & 3] ?? 0);
  return Buffer.concat([head, mask, payload]);
}

function textHead(length: number): Buffer {
  if (length < 126) return Buffer.from([0x81, length]);
  if (length < 65_536) return Buffer.from([0x81, 126, length >> 8, length & 255]);
  const head = Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

/** A close frame from a server: 1011, it cannot go on. */
const closeFrame = Buffer.from([0x88, 2, 0x03, 0xf3]);

/** These and the end of the connection. */
export function lastFrames(frames: readonly Buffer[]): Buffer {
  return Buffer.concat([...frames, closeFrame]);
}

/** Joins the frames of a message. */
export class MessageReader {
  #parts: Buffer[] = [];
  #size = 0;

  /** The whole text that ends with this frame; null for a part of one and for anything else. Throws like `read`. */
  read({ opcode, isLast, payload }: Frame): Buffer | null {
    if (opcode > 1) return null;
    this.#parts.push(payload);
    this.#size = isLast ? 0 : this.#size + payload.length;
    if (this.#size > longestFrame) throw new Error("A WebSocket message is too long.");
    if (!isLast) return null;
    const whole = this.#parts.length === 1 ? payload : Buffer.concat(this.#parts);
    this.#parts = [];
    return whole;
  }
}

/** A message, as it came and as it reads; `text` is null for what is none. */
export interface WholeMessage {
  readonly raws: readonly Buffer[];
  readonly text: Buffer | null;
}

/** Joins frames until a message is whole. */
export class WholeMessages {
  readonly #reader = new MessageReader();
  #raws: Buffer[] = [];

  /** The message that ends with this frame; null for a part of one. Throws like `MessageReader`. */
  take(frame: Frame): WholeMessage | null {
    this.#raws.push(frame.raw);
    const text = this.#reader.read(frame);
    if (!frame.isLast) return null;
    const raws = this.#raws;
    this.#raws = [];
    return { raws, text };
  }
}

/** An answer as over HTTP, in the form that it has inside a WebSocket. */
export function errorFrame({ status, headers, body }: ProxyAnswer): Buffer {
  const { "content-type": _, ...told } = headers;
  const said = parseJson(body);
  // Codex shows the text of this one code as it is and asks no more; of an error frame it shows the whole JSON.
  const event = said
    ? { type: "error", status, ...said, headers: told }
    : responseFailedEvent({ code: "invalid_prompt", type: "invalid_request_error", message: body });
  return textFrame(JSON.stringify(event));
}

/** The end of an answer that upstream has left in the middle. */
export function silenceFrame(idleMs: number): Buffer {
  return failedFrame({ code: "upstream_error", message: silenceText(idleMs) });
}

/** The end of an answer in the middle, for this reason. */
export function failedFrame({ code, message }: { readonly code: string; readonly message: string }): Buffer {
  return textFrame(JSON.stringify(responseFailedEvent({ code, message })));
}

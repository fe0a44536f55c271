import type { IncomingMessage } from "node:http";
import * as zlib from "node:zlib";
import { gunzipSync, inflateSync } from "node:zlib";
import { Decompress } from "fzstd";
import { type Body, type BodyBudget, bodyBytes, readBody, replaceBody } from "../../proxy/door/body.ts";
import type { ProxyLimits } from "../../proxy/options.ts";
import { isDeep, isRecord } from "../../text/json.ts";

/** A request body that was read. */
export interface ReadBody {
  readonly body: Body;
  /** Of the unpacked body. */
  readonly bytes: Buffer;
}

export type Fields = Readonly<Record<string, unknown>>;

type GatewayBody =
  | ({ readonly kind: "read" } & ReadBody)
  | { readonly kind: "too-large" | "packed" | "gone" };

/** An unpacked body is never larger than this, whatever a packed one claims. */
const mostBytes = 64 * 1024 * 1024;

/** Reads a body whole and unpacks it: the model stands in it. `packed`: nobody here can. */
export async function readGatewayBody(
  request: IncomingMessage,
  budget: BodyBudget,
  limits: ProxyLimits,
): Promise<GatewayBody> {
  const reading = await readBody(request, budget, limits);
  if (reading.kind === "gone") return reading;
  if (reading.kind !== "body") return { kind: "too-large" };
  const { body } = reading;
  try {
    const sent = bodyBytes(body);
    const bytes = unpacked(sent, request.headers["content-encoding"] ?? "identity");
    // Else the pieces would be kept beside the whole.
    replaceBody(body, sent);
    return { kind: "read", body, bytes };
  } catch (error) {
    body.release();
    return { kind: error instanceof RangeError ? "too-large" : "packed" };
  }
}

/** Up to here JSON.parse is quick, whatever it is given. */
const quickBytes = 256 * 1024;
/** No request is made like that, and to read one takes seconds. */
const [deepest, mostFields] = [1_000, 10_000];

/** What a body says; null where it is no JSON object. `too-deep`: or has too many fields. */
export function objectIn({ bytes }: ReadBody): Fields | "too-deep" | null {
  const text = bytes.toString("utf8");
  if (text.length > quickBytes && isDeep(text, deepest)) return "too-deep";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value)) return null;
  return text.length > quickBytes && Object.keys(value).length > mostFields ? "too-deep" : value;
}

/** Throws RangeError where it would grow too large, another error where it cannot be unpacked. */
function unpacked(bytes: Buffer, encoding: string): Buffer {
  const options = { maxOutputLength: mostBytes };
  switch (encoding.trim().toLowerCase()) {
    case "identity":
      return bytes;
    case "gzip":
      return gunzipSync(bytes, options);
    case "deflate":
      return inflateSync(bytes, options);
    case "zstd":
      return zstdInflate(bytes, mostBytes);
    default:
      throw new Error(`The encoding ${encoding} is not known.`);
  }
}

type Inflate = (bytes: Buffer, options: { maxOutputLength: number }) => Buffer;

const pieceBytes = 16 * 1024;

/** Unpacks zstd with Node's own code where it has some (22.15), else in JavaScript. Throws RangeError beyond `most` bytes. */
function zstdInflate(bytes: Buffer, most: number): Buffer {
  const own = (zlib as { zstdDecompressSync?: Inflate }).zstdDecompressSync;
  return own ? own(bytes, { maxOutputLength: most }) : slowly(bytes, most);
}

function slowly(bytes: Buffer, most: number): Buffer {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const stream = new Decompress((chunk) => {
    size += chunk.length;
    if (size > most) throw new RangeError("The body is too large when it is unpacked.");
    chunks.push(chunk);
  });
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    stream.push(bytes.subarray(at, at + pieceBytes), at + pieceBytes >= bytes.length);
  }
  return Buffer.concat(chunks);
}

import { zstdInflate } from "./zstd.ts";
import { gunzipSync, inflateSync } from "node:zlib";
import { isRecord } from "../errors/json-value.ts";
import { bodyBytes, readBody, type Body, type BodyBudget } from "../proxy/body.ts";
import type { ProxyLimits } from "../proxy/options.ts";
import type { IncomingMessage } from "node:http";

/** A request body that was read and understood as far as the gateway must. */
export interface ReadBody {
  readonly body: Body;
  /** Of the unpacked body. */
  readonly bytes: Buffer;
  readonly value: Readonly<Record<string, unknown>>;
}

export type GatewayBody =
  | ({ readonly kind: "read" } & ReadBody)
  | { readonly kind: "too-large" | "no-object" | "gone" };

/** An unpacked body is never larger than this, whatever a packed one claims. */
const mostBytes = 64 * 1024 * 1024;

/** Reads a body whole: the model stands in it, and a key may be for some models only. */
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
    const bytes = unpacked(bodyBytes(body), request.headers["content-encoding"] ?? "identity");
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    if (isRecord(value)) return { kind: "read", body, bytes, value };
  } catch (error) {
    body.release();
    return { kind: error instanceof RangeError ? "too-large" : "no-object" };
  }
  body.release();
  return { kind: "no-object" };
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

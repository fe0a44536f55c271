import type { IncomingMessage } from "node:http";
import type { ProxyLimits } from "../options.ts";

/** A request body, kept until nothing has to be sent again. */
export interface Body {
  /** As it came, or what replaced it; empty when it was released. */
  chunks: Buffer[];
  size: number;
  /** Gives its memory back. May be called twice. */
  release(): void;
}

export type BodyReading =
  | { readonly kind: "body"; readonly body: Body }
  /** This body is over its cap. */
  | { readonly kind: "too-large" }
  /** All bodies together are over theirs. */
  | { readonly kind: "no-room" }
  /** The client went away, or sent nothing for too long. */
  | { readonly kind: "gone" };

/** The memory that all bodies share. */
export interface BodyBudget {
  heldBytes: number;
}

type Caps = Pick<ProxyLimits, "bodyBytes" | "allBodiesBytes" | "bodyIdleMs">;

/** Reads a body to its end, byte for byte, within the caps. */
export function readBody(request: IncomingMessage, budget: BodyBudget, caps: Caps): Promise<BodyReading> {
  return new Promise((resolve) => {
    let size = 0;
    const idle = setTimeout(() => conclude({ kind: "gone" }), caps.bodyIdleMs);
    const release = () => {
      budget.heldBytes -= size;
      size = 0;
      body.chunks = [];
    };
    const body: Body = { chunks: [], size: 0, release };

    function onData(chunk: Buffer): void {
      size += chunk.length;
      budget.heldBytes += chunk.length;
      if (size > caps.bodyBytes) return conclude({ kind: "too-large" });
      if (budget.heldBytes > caps.allBodiesBytes) return conclude({ kind: "no-room" });
      body.chunks.push(chunk);
      idle.refresh();
    }

    const onEnd = () => {
      body.size = size;
      conclude({ kind: "body", body });
    };
    const onClose = () => conclude({ kind: "gone" });

    function conclude(reading: BodyReading): void {
      clearTimeout(idle);
      request.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
      request.on("error", () => undefined);
      if (reading.kind !== "body") release();
      resolve(reading);
    }

    request.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  });
}

/** From now on the body is these bytes. */
export function replaceBody(body: Body, bytes: Buffer): void {
  body.chunks = [bytes];
  body.size = bytes.length;
}

/** All bytes in one piece. */
export function bodyBytes({ chunks }: Body): Buffer {
  const [only] = chunks;
  return chunks.length === 1 && only ? only : Buffer.concat(chunks);
}

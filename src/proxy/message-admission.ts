import type { ProxyAnswer } from "./answers/refusals.ts";
import type { Pass } from "./door/exchange.ts";
import type { Served } from "./serve-request.ts";
import { errorFrame, type Frame, maskedTextFrame, MessageReader, textFrame } from "./socket/frames.ts";

/** What a client of the gateway may ask on a WebSocket, message by message, and how it is told. */
export interface SocketPass extends Pick<
  Pass,
  "client" | "accounts" | "refuse" | "headers" | "hiddenType" | "stop"
> {
  readonly admit: (message: string) => Promise<Admission>;
}

export type Admission =
  /** `text` goes on in place of the message. `turn`: it asks for an answer. */
  | { readonly kind: "admitted"; readonly text: string; readonly turn: Admitted | null }
  | { readonly kind: "refused"; readonly answer: ProxyAnswer }
  /** The client has to connect anew. */
  | { readonly kind: "closed" };

export interface Admitted {
  /** Events for the client before the first of upstream. */
  readonly preface: readonly object[];
  /** What the client is told when OpenAI answers with this model; null: it may have it. */
  readonly refuseModel: (model: string) => ProxyAnswer | null;
  /** The client sees something of the answer. */
  readonly noteFirst: () => void;
  /** Called once, whatever becomes of it; `refusal`: what the client was told when no account could serve. */
  readonly end: (served: Served, refusal: ProxyAnswer | null) => void;
}

export interface AdmissionWays {
  readonly pass: Pick<SocketPass, "admit">;
  /** A message may go on, as this frame of a client. */
  readonly forward: (frame: Buffer, text: Buffer, turn: Admitted | null) => void;
  readonly toClient: (frame: Buffer) => void;
  /** The client is not read while somebody is asked. */
  readonly pause: () => void;
  readonly resume: () => void;
  readonly close: () => void;
}

/** Lets the messages of a client through one by one, whole, and each only when its pass admits it. */
export class MessageAdmission {
  readonly #ways: AdmissionWays;
  readonly #messages = new MessageReader();
  readonly #waiting: Buffer[] = [];
  #isAsking = false;

  constructor(ways: AdmissionWays) {
    this.#ways = ways;
  }

  /** Pings and the like are the caller's. Throws for what is no text: nobody could tell what it asks for. */
  read(frame: Frame): void {
    if (frame.opcode > 1) throw new Error("A message that is no text cannot be admitted.");
    const text = this.#messages.read(frame);
    if (text === null) return;
    this.#waiting.push(text);
    if (!this.#isAsking) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isAsking = true;
    this.#ways.pause();
    try {
      for (let text = this.#waiting.shift(); text !== undefined; text = this.#waiting.shift())
        this.#apply(await this.#ways.pass.admit(text.toString("utf8")));
    } catch {
      this.#close();
    } finally {
      this.#isAsking = false;
      this.#ways.resume();
    }
  }

  #close(): void {
    this.#waiting.length = 0;
    this.#ways.close();
  }

  #apply(admission: Admission): void {
    if (admission.kind === "closed") return this.#close();
    if (admission.kind === "refused") return this.#ways.toClient(errorFrame(admission.answer));
    const { text, turn } = admission;
    for (const event of turn?.preface ?? []) this.#ways.toClient(textFrame(JSON.stringify(event)));
    this.#ways.forward(maskedTextFrame(text), Buffer.from(text), turn);
  }
}

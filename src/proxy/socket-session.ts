import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { classifyFailure } from "../errors/classify.ts";
import type { FailureClassification } from "../errors/classify.ts";
import { isRecord, parseJson } from "../errors/json-value.ts";
import type { Account } from "../store/account.ts";
import type { Asked } from "./books.ts";
import type { Choice } from "./choice.ts";
import { exhaustedAnswer } from "./exhausted.ts";
import { preambleTypes } from "./first-event.ts";
import { errorFrame, silenceFrame } from "./error-frame.ts";
import { FrameReader, lastFrames, MessageReader } from "./frames.ts";
import type { Frame } from "./frames.ts";
import type { RequestFacts } from "./request-facts.ts";
import type { RotationParts } from "./parts.ts";
import { mayMove, turnOf } from "./socket-turn.ts";
import type { SocketTurn } from "./socket-turn.ts";
import { eventType, finalTypes } from "./sse-events.ts";
import { asksForTool } from "./tool-call.ts";
import { endingBy } from "./turns.ts";
import { connectNext, failOn, unlessRenewing } from "./upgrade.ts";
import type { Connected } from "./upgrade.ts";
import { Visit } from "./visit.ts";

export interface SessionStart {
  readonly request: IncomingMessage;
  readonly client: Duplex;
  readonly facts: RequestFacts;
  readonly query: string;
  readonly connected: Connected;
  readonly isLetIn: () => boolean;
}

/**
 * A WebSocket of Codex, frame by frame as it comes. While nothing of an answer is visible, a failure moves the
 * connection to the next account and sends the client's frames again; the client notices nothing.
 */
export class SocketSession {
  readonly #parts: RotationParts;
  readonly #start: SessionStart;
  readonly #client: Duplex;
  readonly #fromClient = new FrameReader();
  readonly #clientMessages = new MessageReader();
  #message: Buffer[] = [];
  #account: Account;
  #asked: Asked;
  #upstream: Duplex | null = null;
  #turn: SocketTurn | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: RotationParts, start: SessionStart) {
    this.#parts = parts;
    this.#start = start;
    this.#client = start.client;
    this.#account = start.connected.account;
    this.#asked = this.#parts.books.ask(this.#account, this.#start.facts);
  }

  /** Runs until either side has closed. */
  run(head: Buffer): Promise<void> {
    const client = this.#client;
    const ended = new Promise<void>((resolve) => client.once("close", resolve));
    client.on("error", () => client.destroy());
    // The server leaves a connection half open when the client ends its half.
    client.once("end", () => client.destroy());
    client.once("close", () => {
      this.#leave();
      this.#turn?.visit.end("failed", this.#parts.now());
    });
    client.on("drain", () => this.#upstream?.resume());
    this.#attach(this.#start.connected);
    client.on("data", (chunk: Buffer) => this.#guarded(() => this.#readClient(chunk)));
    if (head.length > 0) this.#guarded(() => this.#readClient(head));
    return ended;
  }

  /** A frame that cannot be is the end of the connection, not of the proxy. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch {
      this.#client.destroy();
    }
  }

  #attach({ account, socket, head, response }: Connected): void {
    this.#account = account;
    this.#asked = this.#parts.books.ask(account, this.#start.facts);
    this.#upstream = socket;
    this.#parts.books.noteHeaders(this.#asked, response);
    const frames = new FrameReader();
    const messages = new MessageReader();
    const read = (chunk: Buffer) => {
      for (const frame of frames.read(chunk))
        if (this.#upstream === socket) this.#readServer(frame, messages);
    };
    socket.on("data", (chunk: Buffer) => this.#guarded(() => read(chunk)));
    socket.on("drain", () => this.#client.resume());
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.#lose(socket));
    this.#client.resume();
    if (head.length > 0) this.#guarded(() => read(head));
  }

  /** What the connection that is left does from now on says nothing about its account. */
  #leave(): void {
    clearTimeout(this.#timer);
    const upstream = this.#upstream;
    this.#upstream = null;
    upstream?.destroy();
  }

  #readClient(chunk: Buffer): void {
    for (const frame of this.#fromClient.read(chunk)) {
      this.#note(frame);
      if (this.#upstream && !this.#upstream.write(frame.raw)) this.#client.pause();
    }
  }

  /** Keeps the frames that may have to be sent again. */
  #note(frame: Frame): void {
    if (frame.opcode >= 8) return;
    this.#message.push(frame.raw);
    const text = this.#clientMessages.read(frame);
    if (!frame.isLast) return;
    const turn = text === null ? null : turnOf(text, this.#message, this.#newVisit);
    if (turn !== null) this.#begin(turn);
    else if (this.#turn?.isVisible === false) this.#turn.sent.push(...this.#message);
    this.#message = [];
  }

  readonly #newVisit = (isTurn: boolean): Visit =>
    new Visit({ ...this.#parts, conversation: this.#start.facts.conversation, isTurn });

  #begin(turn: SocketTurn): void {
    const { ledger, limits, counters, now } = this.#parts;
    // The account of its login may have been removed; what is thrown here ends the connection.
    if (!this.#start.isLetIn()) throw new Error("The client is not let in any more.");
    this.#turn?.visit.end("failed", now());
    this.#turn = turn;
    this.#asked = this.#parts.books.ask(this.#account, this.#start.facts);
    turn.visit.enter(this.#account.id, now());
    ledger.noteSessions(this.#start.facts.sessionIds);
    const decision = { kind: "use", accountId: this.#account.id, reason: "socket", outcome: null } as const;
    counters.decide({ atMs: now(), ...decision });
    this.#wait(limits.headersMs, () => this.#fail("OpenAI showed nothing for too long."));
  }

  #wait(ms: number, work: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(work, ms);
  }

  #readServer(frame: Frame, messages: MessageReader): void {
    const turn = this.#turn;
    const isHidden = turn !== null && !turn.isVisible;
    // The client has seen nothing, so it will not answer the goodbye that upstream waits for.
    if (isHidden && frame.opcode === 8) return this.#fail("OpenAI closed the connection.");
    if (isHidden && frame.opcode < 8) turn.held.push(frame.raw);
    else this.#toClient(frame.raw);
    const text = messages.read(frame)?.toString("utf8");
    if (text === undefined) return;
    const type = eventType(text);
    if (type === "codex.rate_limits") this.#parts.books.noteEvent(this.#asked, parseJson(text));
    if (turn !== null) this.#follow(turn, type, text);
  }

  #follow(turn: SocketTurn, type: string, text: string): void {
    turn.asksForTool ||= asksForTool(text);
    if (!turn.isVisible && preambleTypes.has(type)) {
      return this.#wait(this.#parts.limits.preambleMs, () => this.#show(turn));
    }
    if (!turn.isVisible && (type === "error" || type === "response.failed")) {
      const { id, login } = this.#account;
      const isAfterRefresh = this.#parts.logins.isUnproven(id, login.accessToken);
      const failure = classifyFailure(text, this.#parts.now(), { isAfterRefresh });
      if (mayMove(turn, failure)) return void this.#move(turn, failure);
    }
    this.#show(turn);
    if (!finalTypes.has(type)) return;
    clearTimeout(this.#timer);
    this.#turn = null;
    if (type === "response.completed") this.#parts.books.noteSuccess(this.#asked);
    const event = parseJson(text);
    if (isRecord(event)) this.#parts.books.noteEnd(this.#asked, event);
    turn.visit.end(endingBy(type, turn.asksForTool), this.#parts.now());
  }

  /** From here on the turn stays where it is, and upstream may not be silent for long. */
  #show(turn: SocketTurn): void {
    this.#wait(this.#parts.limits.idleMs, () => this.#leaveSilent());
    if (turn.isVisible) return;
    turn.isVisible = true;
    this.#parts.conversations.note(this.#start.facts, this.#account.id, this.#parts.now());
    for (const raw of turn.held) this.#toClient(raw);
    turn.held = [];
    turn.sent.length = 0;
  }

  #leaveSilent(): void {
    this.#parts.books.noteCut(this.#asked);
    this.#client.end(lastFrames([silenceFrame(this.#parts.limits.idleMs)]));
  }

  #toClient(raw: Buffer): void {
    if (!this.#client.write(raw)) this.#upstream?.pause();
  }

  #lose(socket: Duplex): void {
    if (this.#upstream !== socket) return;
    if (this.#turn && !this.#turn.isVisible) this.#fail("The connection to OpenAI was lost.");
    else this.#client.destroy();
  }

  #fail(words: string): void {
    const turn = this.#turn;
    const failure = classifyFailure(new Error(words), this.#parts.now(), { stage: "stream" });
    if (turn && !turn.isVisible) void this.#move(turn, failure);
  }

  /** To the next account, or to the same one with a new token. */
  async #move(turn: SocketTurn, failure: FailureClassification): Promise<void> {
    const asked = this.#asked;
    this.#leave();
    this.#client.pause();
    if (failure.next === "another") turn.refusal = turn.held;
    turn.held = [];
    const { request, facts, query } = this.#start;
    const connecting = { ...turn, request, facts, query, client: this.#client };
    const booked = unlessRenewing(this.#parts, this.#account, failure);
    if (booked === null) turn.visit.leave(this.#parts.now());
    else failOn(this.#parts, connecting, booked, asked);
    // What it goes on from is known there only. Codex connects anew, and then sends the whole conversation.
    if (turn.isContinuation) return void this.#client.end(lastFrames([]));
    const next = await connectNext(this.#parts, connecting);
    if (!("kind" in next)) return this.#giveUp(turn, next);
    if (this.#client.destroyed) return void next.socket.destroy();
    this.#attach(next);
    this.#wait(this.#parts.limits.headersMs, () => this.#fail("OpenAI showed nothing for too long."));
    for (const raw of [...turn.sent, ...this.#message]) next.socket.write(raw);
  }

  #giveUp({ failures, refusal }: SocketTurn, choice: Choice): void {
    const dead = { choice, failures, facts: this.#start.facts };
    this.#client.end(lastFrames(refusal ?? [errorFrame(exhaustedAnswer(this.#parts, dead))]));
  }
}

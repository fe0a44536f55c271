// Longer than 250 lines: both directions of one connection change one state, and are read together.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { classifyFailure, type FailureClassification } from "../../errors/classify.ts";
import type { Account } from "../../pool/account.ts";
import { isRecord, parseJson } from "../../text/json.ts";
import type { Asked } from "../accounts/bookkeeper.ts";
import type { Choice } from "../accounts/choose-account.ts";
import { endingBy, type TurnEnding } from "../accounts/turns.ts";
import { asksForTool, eventType, finalTypes } from "../answers/events.ts";
import { deadPool, noAccountAnswer } from "../answers/no-account-answer.ts";
import { preambleTypes } from "../answers/first-event.ts";
import type { ProxyAnswer } from "../answers/refusals.ts";
import type { Stop } from "../answers/relay.ts";
import type { RequestFacts } from "../door/request-facts.ts";
import { Visit } from "../door/request.ts";
import type { RotationParts } from "../parts.ts";
import { type Admitted, MessageAdmission, type SocketPass } from "../message-admission.ts";
import {
  errorFrame,
  failedFrame,
  type Frame,
  FrameReader,
  lastFrames,
  MessageReader,
  silenceFrame,
  WholeMessages,
} from "./frames.ts";
import { mayMove, modelRefusal, servedBy, type SocketTurn, turnOf } from "./turn.ts";
import { type Connected, connectNext, failOn, unlessRenewing } from "./upgrade.ts";

export interface SessionStart {
  readonly request: IncomingMessage;
  readonly client: Duplex;
  readonly facts: RequestFacts;
  readonly query: string;
  readonly connected: Connected;
  readonly isLetIn: () => boolean;
  /** Of a client of the gateway. */
  readonly pass: SocketPass | null;
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
  readonly #admission: MessageAdmission | null;
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
    this.#asked = this.#parts.bookkeeper.ask(this.#account, this.#start.facts);
    this.#admission = start.pass && new MessageAdmission({ ...this.#ways, pass: start.pass });
  }

  readonly #ways = {
    forward: (frame: Buffer, text: Buffer, admitted: Admitted | null) => {
      this.#message = [frame];
      this.#noteMessage(text, admitted);
      this.#upstream?.write(frame);
    },
    toClient: (frame: Buffer) => void this.#client.write(frame),
    pause: () => void this.#client.pause(),
    resume: () => void (this.#upstream && this.#client.resume()),
    close: () => void this.#client.end(lastFrames([])),
  };

  /** Runs until either side has closed. */
  run(head: Buffer): Promise<void> {
    const client = this.#client;
    const ended = new Promise<void>((resolve) => client.once("close", resolve));
    client.on("error", () => client.destroy());
    // The server leaves a connection half open when the client ends its half.
    client.once("end", () => client.destroy());
    const stop = this.#start.pass?.stop;
    const stay = stop?.onStop(() => this.#stop(stop));
    client.once("close", () => {
      stay?.();
      if (this.#turn) this.#end(this.#turn, "failed");
      this.#leave();
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
    this.#asked = this.#parts.bookkeeper.ask(account, this.#start.facts);
    this.#upstream = socket;
    this.#parts.bookkeeper.noteHeaders(this.#asked, response);
    const frames = new FrameReader();
    const messages = new WholeMessages();
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
      if (this.#admission && frame.opcode < 8) this.#admission.read(frame);
      else this.#forward(frame);
    }
  }

  #forward(frame: Frame): void {
    this.#note(frame);
    if (this.#upstream && !this.#upstream.write(frame.raw)) this.#client.pause();
  }

  /** Keeps the frames that may have to be sent again. */
  #note(frame: Frame): void {
    if (frame.opcode >= 8) return;
    this.#message.push(frame.raw);
    const text = this.#clientMessages.read(frame);
    if (frame.isLast) this.#noteMessage(text, null);
  }

  #noteMessage(text: Buffer | null, admitted: Admitted | null): void {
    const turn = text === null ? null : turnOf(text, this.#message, this.#newVisit, admitted);
    if (turn !== null) this.#begin(turn);
    else if (this.#turn?.isVisible === false) this.#turn.sent.push(...this.#message);
    this.#message = [];
  }

  readonly #newVisit = (isTurn: boolean): Visit =>
    new Visit({ ...this.#parts, conversation: this.#start.facts.conversation, isTurn });

  #begin(turn: SocketTurn): void {
    const { ledger, limits, counters, now } = this.#parts;
    if (this.#turn) this.#end(this.#turn, "failed");
    this.#turn = turn;
    // The account of its login may have been removed; what is thrown here ends the connection.
    if (!this.#start.isLetIn() || this.#client.writableEnded)
      throw new Error("The client is not let in any more.");
    turn.attempts += 1;
    this.#asked = this.#parts.bookkeeper.ask(this.#account, this.#start.facts);
    turn.visit.enter(this.#account.id, now());
    ledger.noteSessions(this.#start.facts.sessionIds);
    const decision = { kind: "use", accountId: this.#account.id, reason: "socket" } as const;
    counters.decide({ atMs: now(), ...decision }, this.#start.pass);
    this.#wait(limits.headersMs, () => this.#fail("OpenAI showed nothing for too long."));
  }

  #wait(ms: number, work: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(work, ms);
  }

  #readServer(frame: Frame, messages: WholeMessages): void {
    const turn = this.#turn;
    const isHidden = turn !== null && !turn.isVisible;
    // The client has seen nothing, so it will not answer the goodbye that upstream waits for.
    if (isHidden && frame.opcode === 8) return this.#fail("OpenAI closed the connection.");
    if (frame.opcode >= 8) return this.#toClient(frame.raw);
    const message = messages.take(frame);
    if (message === null) return;
    const text = message.text?.toString("utf8");
    const type = text === undefined ? "" : eventType(text);
    const refused = turn !== null && type === "response.created" ? modelRefusal(turn, text) : null;
    if (turn !== null && refused !== null) return this.#refuse(turn, refused);
    const raws = this.#start.pass?.hiddenType === type ? [] : message.raws;
    if (isHidden) turn.held.push(...raws);
    else for (const raw of raws) this.#toClient(raw);
    if (text === undefined) return;
    if (type === "codex.rate_limits") this.#parts.bookkeeper.noteEvent(this.#asked, parseJson(text));
    if (turn !== null) this.#follow(turn, type, text);
  }

  #follow(turn: SocketTurn, type: string, text: string): void {
    turn.asksForTool ||= asksForTool(text);
    if (!turn.isVisible && preambleTypes.has(type)) {
      return this.#wait(this.#parts.limits.preambleMs, () => this.#show(turn));
    }
    if (!turn.isVisible && (type === "error" || type === "response.failed")) {
      const { id, login } = this.#account;
      const isAfterRefresh = this.#parts.accessTokens.isUnproven(id, login.accessToken);
      const failure = classifyFailure(text, this.#parts.now(), { isAfterRefresh });
      if (mayMove(turn, failure)) return void this.#move(turn, failure);
    }
    this.#show(turn);
    if (!finalTypes.has(type)) return;
    clearTimeout(this.#timer);
    this.#turn = null;
    if (type === "response.completed") this.#parts.bookkeeper.noteSuccess(this.#asked);
    const event = parseJson(text);
    if (isRecord(event)) this.#parts.bookkeeper.noteEnd(this.#asked, event);
    this.#end(turn, endingBy(type, turn.asksForTool), isRecord(event) ? event : null);
  }

  #end(turn: SocketTurn, ending: TurnEnding, finalEvent: object | null = null, refusal?: ProxyAnswer): void {
    turn.visit.end(ending, this.#parts.now());
    const isAsked = turn.isVisible || this.#upstream !== null;
    turn.admitted?.end(servedBy(turn, isAsked ? this.#account.id : null, finalEvent), refusal ?? null);
  }

  /** From here on the turn stays where it is, and upstream may not be silent for long. */
  #show(turn: SocketTurn): void {
    this.#wait(this.#parts.limits.idleMs, () => this.#leaveSilent());
    if (turn.isVisible) return;
    turn.isVisible = true;
    turn.admitted?.noteFirst();
    this.#parts.conversations.note(this.#start.facts, this.#account.id, this.#parts.now());
    for (const raw of turn.held) this.#toClient(raw);
    turn.held = [];
    turn.sent.length = 0;
  }

  #leaveSilent(): void {
    this.#parts.bookkeeper.noteCut(this.#asked);
    this.#client.end(lastFrames([silenceFrame(this.#parts.limits.idleMs)]));
  }

  #toClient(raw: Buffer): void {
    if (this.#turn) this.#turn.sentBytes += raw.length;
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
    const allowed = this.#start.pass?.accounts ?? null;
    const connecting = { ...turn, request, facts, query, client: this.#client, allowed };
    const booked = unlessRenewing(this.#parts, this.#account, failure);
    if (booked === null) turn.visit.leave(this.#parts.now());
    else failOn(this.#parts, connecting, booked, asked);
    // What it goes on from is known there only. Codex connects anew, and then sends the whole conversation.
    if (turn.isContinuation) return void this.#client.end(lastFrames([]));
    const next = await connectNext(this.#parts, connecting);
    const isOver = this.#client.destroyed || this.#turn !== turn;
    if (isOver) return void ("kind" in next && next.socket.destroy());
    if (!("kind" in next)) return this.#giveUp(turn, next);
    this.#attach(next);
    turn.attempts += 1;
    this.#wait(this.#parts.limits.headersMs, () => this.#fail("OpenAI showed nothing for too long."));
    for (const raw of [...turn.sent, ...this.#message]) next.socket.write(raw);
  }

  /** Upstream works on what the client may not have; leaving is the one way to stop it. */
  #refuse(turn: SocketTurn, answer: ProxyAnswer): void {
    this.#parts.bookkeeper.noteSuccess(this.#asked);
    this.#client.end(lastFrames([errorFrame(answer)]));
    this.#turn = null;
    this.#end(turn, "failed", null, answer);
    this.#leave();
  }

  /** The pass was taken back. What runs is told why, and is charged for what it has sent. */
  #stop(stop: Stop): void {
    const turn = this.#turn;
    this.#client.end(lastFrames(turn ? [failedFrame(stop)] : []));
    this.#turn = null;
    if (turn) this.#end(turn, "failed");
    this.#leave();
  }

  #giveUp(turn: SocketTurn, choice: Choice): void {
    const { facts, pass } = this.#start;
    const dead = { choice, failures: turn.failures, facts };
    const answer = pass ? pass.refuse(deadPool(this.#parts, dead)) : noAccountAnswer(this.#parts, dead);
    this.#client.end(lastFrames(turn.refusal ?? [errorFrame(answer)]));
    this.#turn = null;
    this.#end(turn, "failed", null, answer);
  }
}

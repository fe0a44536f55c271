import { setTimeout as rest } from "node:timers/promises";
import type { KeyPolicy } from "../../budget/policy.ts";
import {
  type Admission,
  admit,
  type Admitted,
  emptyUsage,
  readUsage,
  settle,
  type Settlement,
  sweep,
  type UsageState,
  usageText,
} from "../../budget/usage-state.ts";
import { type Database, readDocument, replaceDocument } from "../../database/database.ts";

const kind = "usage";
const tries = 60;

/** What one request wants of a state: the next state and what to tell the one who asked. */
interface Wish {
  apply(state: UsageState): {
    readonly state: UsageState;
    readonly tell: () => void;
    readonly isRefusal: boolean;
  };
  fail(error: unknown): void;
}

/** The document of one key as this process knows it, and who waits for it to be written. */
interface Book {
  version: number;
  state: UsageState;
  isKnown: boolean;
  isWriting: boolean;
  wishes: Wish[];
}

type BookDatabase = Pick<Database, "query" | "change" | "now">;

/**
 * Counts what keys use. One document a key, replaced only from the version that was read: two gateways that both admit
 * the last request of a limit cannot both succeed, and a crash leaves the old document or the new one. Everything that
 * waits in one turn of the event loop is written at once.
 */
export class UsageBooks {
  readonly #database: BookDatabase;
  readonly #books = new Map<string, Book>();

  constructor(database: BookDatabase) {
    this.#database = database;
  }

  /** Opens a ticket, on the disk before this resolves, or says what refuses it. Throws what the database throws. */
  admit(keyId: string, policy: KeyPolicy, admission: Omit<Admission, "nowMs">): Promise<Admitted> {
    return this.#wish(keyId, (state) => {
      const result = admit(state, policy, { ...admission, nowMs: this.#database.now() });
      const next = result.kind === "admitted" ? result.state : state;
      return { state: next, answer: result, isRefusal: result.kind === "refused" };
    });
  }

  /** Closes a ticket, on the disk before this resolves; one that is closed already stays as it was charged. */
  settle(keyId: string, ticketId: string, settlement: Settlement): Promise<UsageState> {
    return this.change(keyId, (state) => settle(state, ticketId, settlement));
  }

  /** Charges what processes that are gone have left open, in all keys. Resolves to the number of tickets. */
  async sweep(isGone: (replica: string, openedMs: number) => boolean): Promise<number> {
    const rows = await this.#database.query(`select id from documents where kind = $1`, [kind]);
    let swept = 0;
    for (const { id } of rows) {
      await this.change(String(id), (state) => {
        const after = sweep(state, isGone);
        swept += state.tickets.length - after.tickets.length;
        return after;
      });
    }
    return swept;
  }

  /** Any other change of a key's document. */
  change(keyId: string, change: (state: UsageState) => UsageState): Promise<UsageState> {
    return this.#wish(keyId, (state) => {
      const next = change(state);
      return { state: next, answer: next, isRefusal: next === state };
    });
  }

  /** What the database says now. */
  async read(keyId: string): Promise<UsageState> {
    const document = await readDocument(this.#database, kind, keyId);
    return document ? readUsage(document.body) : emptyUsage;
  }

  /** What was written last by this process, without asking; null when it has not written yet. */
  lastKnown(keyId: string): UsageState | null {
    const book = this.#books.get(keyId);
    return book?.isKnown ? book.state : null;
  }

  #wish<T>(
    keyId: string,
    change: (state: UsageState) => { state: UsageState; answer: T; isRefusal: boolean },
  ): Promise<T> {
    const book = this.#bookOf(keyId);
    return new Promise<T>((resolve, reject) => {
      book.wishes.push({
        apply: (before) => {
          const { state, answer, isRefusal } = change(before);
          return { state, isRefusal, tell: () => resolve(answer) };
        },
        fail: reject,
      });
      if (book.isWriting) return;
      book.isWriting = true;
      setImmediate(() => void this.#write(keyId, book));
    });
  }

  #bookOf(keyId: string): Book {
    const known = this.#books.get(keyId);
    if (known) return known;
    const book: Book = { version: 0, state: emptyUsage, isKnown: false, isWriting: false, wishes: [] };
    this.#books.set(keyId, book);
    return book;
  }

  async #write(keyId: string, book: Book): Promise<void> {
    while (book.wishes.length > 0) {
      const wishes = book.wishes;
      book.wishes = [];
      try {
        const told = await this.#commit(keyId, book, wishes);
        for (const tell of told) tell();
      } catch (error) {
        book.isKnown = false;
        for (const wish of wishes) wish.fail(error);
      }
    }
    book.isWriting = false;
  }

  /** Applies the wishes to the newest document until nobody else was faster. */
  async #commit(keyId: string, book: Book, wishes: readonly Wish[]): Promise<readonly (() => void)[]> {
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      const isFresh = !book.isKnown;
      if (isFresh) await this.#load(keyId, book);
      const { state, told, isRefused } = applied(book.state, wishes);
      // What refuses may be over in the database: another gateway may have settled, or somebody changed the key.
      if (isRefused && !isFresh) {
        book.isKnown = false;
        continue;
      }
      if (state === book.state) return told;
      const body = usageText(state);
      const changedMs = this.#database.now();
      if (
        await replaceDocument(this.#database, { kind, id: keyId, version: book.version, body, changedMs })
      ) {
        book.version += 1;
        book.state = state;
        return told;
      }
      book.isKnown = false;
      await rest(Math.random() * Math.min(attempt, 10));
    }
    throw new Error("The use of this key is changed by too many gateways at once.");
  }

  async #load(keyId: string, book: Book): Promise<void> {
    const document = await readDocument(this.#database, kind, keyId);
    book.version = document?.version ?? 0;
    book.state = document ? readUsage(document.body) : emptyUsage;
    book.isKnown = true;
  }
}

function applied(before: UsageState, wishes: readonly Wish[]) {
  let state = before;
  let isRefused = false;
  const told: (() => void)[] = [];
  for (const wish of wishes) {
    const step = wish.apply(state);
    state = step.state;
    isRefused ||= step.isRefusal;
    told.push(step.tell);
  }
  return { state, told, isRefused };
}

import type { Settlement } from "../budget/usage-state.ts";
import { isRecord, parseJson, textField } from "../errors/json-value.ts";
import type { UsageBooks } from "./usage-books.ts";

/** Lines on this machine's disk; every method is on the disk when it returns. */
export interface JournalFile {
  append(line: string): void;
  /** Empty when there is no file. */
  read(): string;
  /** Replaces the whole. */
  replace(text: string): void;
}

interface Entry {
  readonly keyId: string;
  readonly ticketId: string;
  readonly settlement: Settlement;
}

/**
 * Settlements that the database could not take. They are kept on the disk and said again until it has taken them; a
 * settlement that arrived after all finds no open ticket, so saying it twice counts once.
 */
export class SettleJournal {
  readonly #file: JournalFile;
  readonly #books: UsageBooks;

  constructor(file: JournalFile, books: UsageBooks) {
    this.#file = file;
    this.#books = books;
  }

  keep(entry: Entry): void {
    this.#file.append(`${JSON.stringify(entry)}\n`);
  }

  /** Says again what is kept; resolves to how many are still kept. */
  async replay(): Promise<number> {
    const text = this.#file.read();
    if (text === "") return 0;
    const entries = text
      .split("\n")
      .map(entryOf)
      .filter((entry) => entry !== null);
    const left: Entry[] = [];
    for (const entry of entries) {
      try {
        await this.#books.settle(entry.keyId, entry.ticketId, entry.settlement);
      } catch {
        left.push(entry);
      }
    }
    // What was kept meanwhile stands behind what was read.
    const newer = this.#file.read().slice(text.length);
    this.#file.replace(left.map((entry) => `${JSON.stringify(entry)}\n`).join("") + newer);
    return left.length;
  }
}

/** Null for a line that a crash tore. */
function entryOf(line: string): Entry | null {
  const value = parseJson(line);
  const [keyId, ticketId] = [textField(value, "keyId"), textField(value, "ticketId")];
  if (!isRecord(value) || keyId === undefined || ticketId === undefined || !isRecord(value["settlement"]))
    return null;
  return value as unknown as Entry;
}

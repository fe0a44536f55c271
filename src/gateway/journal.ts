import type { Settlement } from "../budget/usage-state.ts";
import { field, isRecord, parseJson, textField } from "../text/json.ts";
import type { UsageBooks } from "./limits/usage-books.ts";
import type { LogLine, RequestLog } from "./request-log.ts";

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
 * Settlements and lines of the log that the database could not take. They are kept on the disk and said again until it
 * has taken them: a settlement that arrived after all finds no open ticket and a line its own name, so twice counts once.
 */
export class Journal {
  readonly #file: JournalFile;
  readonly #books: UsageBooks;
  readonly #log: RequestLog;
  #replaying: Promise<number> = Promise.resolve(0);
  /** Settlements that the disk did not take. A full one takes neither the database nor this. */
  #unwritten = "";

  constructor(file: JournalFile, books: UsageBooks, log: RequestLog) {
    this.#file = file;
    this.#books = books;
    this.#log = log;
  }

  keep(entry: Entry): void {
    this.#append(`${JSON.stringify(entry)}\n`);
  }

  /** Throws where the disk is full: the log keeps its lines itself, and not forever. */
  keepLines(lines: readonly LogLine[]): void {
    this.#append("");
    if (this.#unwritten !== "") throw new Error("The disk takes nothing.");
    try {
      this.#file.append(lines.map((line) => `${JSON.stringify({ logged: line })}\n`).join(""));
    } catch (error) {
      this.#unwritten = "\n";
      throw error;
    }
  }

  /** How many are kept. */
  kept(): number {
    return this.#text()
      .split("\n")
      .filter((line) => line !== "").length;
  }

  /** Says again what is kept; resolves to how many are still kept. */
  replay(): Promise<number> {
    // One after another: each replaces the file.
    this.#replaying = this.#replaying.catch(() => 0).then(() => this.#replay());
    return this.#replaying;
  }

  #append(lines: string): void {
    this.#unwritten += lines;
    try {
      if (this.#unwritten !== "") this.#file.append(this.#unwritten);
      this.#unwritten = "";
    } catch {
      // Said again with the next ones, behind what may have been torn.
      this.#unwritten = `\n${this.#unwritten.trimStart()}`;
    }
  }

  #text(): string {
    return this.#file.read() + this.#unwritten;
  }

  async #replay(): Promise<number> {
    this.#append("");
    const [text, unwritten] = [this.#file.read(), this.#unwritten];
    const values = `${text}${unwritten}`.split("\n").map(parseJson);
    if (text === "" && unwritten === "") return 0;
    const left: object[] = [];
    for (const entry of values.map(entryOf).filter((each) => each !== null)) {
      try {
        await this.#books.settle(entry.keyId, entry.ticketId, entry.settlement);
      } catch {
        left.push(entry);
      }
    }
    const lines = values.map(lineOf).filter((line) => line !== null);
    if (!(await this.#log.write(lines))) left.push(...lines.map((line) => ({ logged: line })));
    // What was kept meanwhile stands behind what was read.
    const newer = this.#file.read().slice(text.length);
    this.#file.replace(left.map((entry) => `${JSON.stringify(entry)}\n`).join("") + newer);
    if (this.#unwritten.startsWith(unwritten)) this.#unwritten = this.#unwritten.slice(unwritten.length);
    return left.length;
  }
}

/** Null for a line that a crash tore. */
function entryOf(value: unknown): Entry | null {
  const [keyId, ticketId] = [textField(value, "keyId"), textField(value, "ticketId")];
  if (!isRecord(value) || keyId === undefined || ticketId === undefined || !isRecord(value["settlement"]))
    return null;
  return value as unknown as Entry;
}

function lineOf(value: unknown): LogLine | null {
  const line = field(value, "logged");
  return isRecord(line) && isRecord(line["request"]) ? (line as unknown as LogLine) : null;
}

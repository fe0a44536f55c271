import type { Socket } from "node:net";

/** Connections of clients, so many at most: room for a new one is made by the oldest that was never let in. */
export class Connections {
  readonly #all = new Set<Socket>();
  /** Those that have not shown yet who they are. */
  readonly #strangers = new Set<Socket>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(socket: Socket): void {
    this.#all.add(socket);
    this.#strangers.add(socket);
    socket.once("close", () => {
      this.#all.delete(socket);
      this.#strangers.delete(socket);
    });
    if (this.#all.size <= this.#most) return;
    const [oldest = socket] = this.#strangers;
    this.#all.delete(oldest);
    this.#strangers.delete(oldest);
    oldest.destroy();
  }

  letIn(socket: Socket): void {
    this.#strangers.delete(socket);
  }
}

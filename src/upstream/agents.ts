/** How connections are kept, in the words of Node's `http.Agent`. */
export interface AgentSettings {
  readonly keepAlive: boolean;
  readonly noDelay: boolean;
  readonly maxFreeSockets: number;
  readonly scheduling: "lifo";
}

/** An `Agent` of node:http or node:https. Named by what it has, so that these types need none of Node's. */
export interface ConnectionAgent {
  destroy(): void;
}

/** What makes connections to an address, where it is not Node's own way; else null. */
export type Agents = (url: string, settings?: AgentSettings) => ConnectionAgent | null;

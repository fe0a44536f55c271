interface Route {
  readonly method: "GET" | "POST";
  /** The oldest Codex that was seen to ask for it; of 0.63.0, 0.169.0 and 0.171.0. */
  readonly since: "0.63.0" | "0.169.0";
  /** The answer comes in one piece when all of it is ready, which takes long. */
  readonly isWhole?: true;
}

/** What the proxy passes on: what Codex asks below `openai_base_url`. Everything else is 404, and counted. */
const table = {
  responses: { method: "POST", since: "0.63.0" },
  "responses/compact": { method: "POST", since: "0.169.0", isWhole: true },
  models: { method: "GET", since: "0.169.0" },
  "images/generations": { method: "POST", since: "0.169.0", isWhole: true },
  "images/edits": { method: "POST", since: "0.169.0", isWhole: true },
  "alpha/search": { method: "POST", since: "0.169.0", isWhole: true },
} as const satisfies Record<string, Route>;

type RoutePath = keyof typeof table;
export type RouteName = Exclude<RoutePath, "responses/compact"> | "compact";

/** What the first line of a request asks for. */
export interface Target {
  /** A first path segment that stands before the part we know: the client key, if it is right. */
  readonly key: string | null;
  readonly route: RouteName | "health" | "status" | null;
  /** Of `models`: the one that is asked for; null for all. */
  readonly modelId: string | null;
  /** With its question mark, or empty. */
  readonly query: string;
}

const nothing: Target = { key: null, route: null, modelId: null, query: "" };

// No percent sign, no backslash, no empty segment: what could mean one path to us and another to somebody else is none.
const plainPath = /^(?:\/[A-Za-z0-9._~-]+)+$/;
const prefix = "(?:/([A-Za-z0-9_-]+))??/(?:v1|backend-api/codex)";
const served = new RegExp(`^${prefix}/(${Object.keys(table).join("|")})$`);
const oneModel = new RegExp(`^${prefix}/models/([A-Za-z0-9._~-]{1,128})$`);
const own = /^(?:\/([A-Za-z0-9_-]+))?\/(health|status)$/;

/** Reads the target of a request line. Absolute forms, `//host`, dot segments and encoded slashes are no route. */
export function readTarget(url: string): Target {
  const mark = url.indexOf("?");
  const query = mark < 0 ? "" : url.slice(mark);
  const asked = mark < 0 ? url : url.slice(0, mark);
  // Clients of OpenAI's API write the list of models with a slash at its end.
  const path = asked.endsWith("/") ? asked.replace(/(\/models(?:\/[^/]+)?)\/$/, "$1") : asked;
  const match = served.exec(path);
  if (match) return { key: match[1] ?? null, route: routeOf(match[2]), modelId: null, query };
  if (!plainPath.test(path) || /\/\.{1,2}(?:\/|$)/.test(path)) return nothing;
  const [isOne, key = null, modelId = null] = oneModel.exec(path) ?? [];
  if (isOne !== undefined) return { key, route: "models", modelId, query };
  const about = own.exec(path);
  if (about)
    return { ...nothing, key: about[1] ?? null, route: about[2] === "status" ? "status" : "health", query };
  return { ...nothing, key: path.split("/")[1] ?? null, query };
}

function routeOf(path: string | undefined): RouteName | null {
  if (path === "responses/compact") return "compact";
  return path !== undefined && isName(path) ? path : null;
}

function isName(path: string): path is Exclude<RouteName, "compact"> {
  return Object.hasOwn(table, path);
}

function pathOf(route: RouteName): RoutePath {
  return route === "compact" ? "responses/compact" : route;
}

/** The fixed path at upstream, whatever spelling the client used. */
export function upstreamPath(route: RouteName, query: string): string {
  return `/backend-api/codex/${pathOf(route)}${query}`;
}

export function methodOf(route: RouteName): "GET" | "POST" {
  return table[pathOf(route)].method;
}

/** Whether the answer comes in one piece, a long time after the request. */
export function isWhole(route: RouteName): boolean {
  return "isWhole" in table[pathOf(route)];
}

/** What the proxy passes on. */
export type RouteName = "responses" | "compact" | "models";

/** What the first line of a request asks for. */
export interface Target {
  /** A first path segment that stands before the part we know: the client key, if it is right. */
  readonly key: string | null;
  readonly route: RouteName | "health" | "status" | null;
  /** With its question mark, or empty. */
  readonly query: string;
}

const nothing: Target = { key: null, route: null, query: "" };

// No percent sign, no backslash, no empty segment: what could mean one path to us and another to somebody else is none.
const plainPath = /^(?:\/[A-Za-z0-9._~-]+)+$/;
const served = /^(?:\/([A-Za-z0-9_-]+))??\/(?:v1|backend-api\/codex)\/(responses|responses\/compact|models)$/;
const own = /^(?:\/([A-Za-z0-9_-]+))?\/(health|status)$/;

const routes: ReadonlyMap<string, RouteName> = new Map([
  ["responses", "responses"],
  ["responses/compact", "compact"],
  ["models", "models"],
]);

const upstreamPaths: Readonly<Record<RouteName, string>> = {
  responses: "/backend-api/codex/responses",
  compact: "/backend-api/codex/responses/compact",
  models: "/backend-api/codex/models",
};

/** Reads the target of a request line. Absolute forms, `//host`, dot segments and encoded slashes are no route. */
export function readTarget(url: string): Target {
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  if (!plainPath.test(path) || /\/\.{1,2}(?:\/|$)/.test(path)) return nothing;
  const query = mark < 0 ? "" : url.slice(mark);
  const match = served.exec(path);
  if (match) return { key: match[1] ?? null, route: routes.get(match[2] ?? "") ?? null, query };
  const about = own.exec(path);
  if (about) return { key: about[1] ?? null, route: about[2] === "status" ? "status" : "health", query };
  return { key: path.split("/")[1] ?? null, route: null, query };
}

/** The fixed path at upstream, whatever spelling the client used. */
export function upstreamPath(route: RouteName, query: string): string {
  return `${upstreamPaths[route]}${query}`;
}

export function methodOf(route: RouteName): "GET" | "POST" {
  return route === "models" ? "GET" : "POST";
}

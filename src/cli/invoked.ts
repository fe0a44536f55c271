import type { Context } from "./context.ts";

type Invoker = Pick<Context, "env">;

/** Commands to type are written as `codex auth …`; where that is not how we were called, as we were. */
export function asInvoked({ env }: Invoker, text: string): string {
  const name = env["CODEX_AUTH_INVOKED_AS"] ?? "codex-auth";
  return name === "codex auth" ? text : text.replaceAll(/codex auth(?= [a-z<-])/g, name);
}

/** Fields with sentences of ours. All others may hold names of a person, which stay as they are. */
const prose = new Set(
  "hint fix message reason stateReason undo lines next usage explanation cause description".split(" "),
);

/** The same in a document: what a script shows to a person is what stderr says. */
export function documentAsInvoked(invoker: Invoker, document: object): object {
  // Its message is the headline, which is a contract to the letter.
  const isKept = (key: string, owner: object) => key === "message" && owner === errorOf(document);
  const walk = (value: unknown, isProse: boolean): unknown => {
    if (typeof value === "string") return isProse ? asInvoked(invoker, value) : value;
    if (Array.isArray(value)) return value.map((each) => walk(each, isProse));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value);
    return Object.fromEntries(
      entries.map(([key, child]) => [key, walk(child, prose.has(key) && !isKept(key, value))]),
    );
  };
  return walk(document, false) as object;
}

function errorOf(document: object): unknown {
  return "error" in document ? document.error : null;
}

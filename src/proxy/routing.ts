import { minuteMs } from "../accounts/limit.ts";
import { field, readText } from "../accounts/unknown-value.ts";
import type { Account } from "../store/account.ts";
import { isLoopbackHost } from "../upstream/loopback.ts";
import { workspacesOf } from "../upstream/workspace.ts";
import { askBackend } from "./backend-question.ts";
import type { BackendQuestions } from "./backend-question.ts";

type Login = Account["login"];

/** Where the requests of one account go. */
export interface WorkspaceRoute {
  readonly origin: string;
  /** For `x-openai-account-routing-override`; null when there is none. */
  readonly override: string | null;
}

interface Discovery {
  readonly route: WorkspaceRoute | null;
  /** When it is asked about again. */
  readonly untilMs: number;
}

export interface RoutingOptions extends BackendQuestions {
  readonly now: () => number;
}

/** A person's own account goes on without an answer, and is not held up by every request. */
const personalRestMs = minuteMs;

const noConstraint = "NO_CONSTRAINT";

/**
 * Asks once for each account where its workspace lives, as Codex does: some may be served from their own region only.
 * An account whose question failed is asked about again.
 */
export class WorkspaceRouting {
  readonly #options: RoutingOptions;
  readonly #routes = new Map<string, Promise<Discovery>>();

  constructor(options: RoutingOptions) {
    this.#options = options;
  }

  /** Null: nobody knows where the workspace may be served. */
  async routeOf({ id, login }: Account): Promise<WorkspaceRoute | null> {
    const key = `${id} ${login.plan}`;
    const known = this.#routes.get(key) ?? this.#discover(login);
    this.#routes.set(key, known);
    const { route, untilMs } = await known;
    if (untilMs <= this.#options.now() && this.#routes.get(key) === known) this.#routes.delete(key);
    return route;
  }

  async #discover(login: Login): Promise<Discovery> {
    const { identity } = login;
    if (identity.kind !== "seat") return { route: this.#anywhere(), untilMs: Infinity };
    const { status, payload } = await askBackend(this.#options, "accounts/check", login);
    const mine = workspacesOf(payload, identity.accountId);
    if (mine.length === 1) return { route: this.#read(mine[0]), untilMs: Infinity };
    // A token that is refused here is refused there too, and that is what brings a new one.
    if (status === 401) return { route: this.#anywhere(), untilMs: 0 };
    if (!isPersonal(login)) return { route: null, untilMs: 0 };
    return { route: this.#anywhere(), untilMs: this.#options.now() + personalRestMs };
  }

  /** Where an account goes whose workspace is not bound to a place. */
  #anywhere(): WorkspaceRoute {
    return { origin: new URL(this.#options.backend).origin, override: null };
  }

  #read(account: unknown): WorkspaceRoute {
    const origin = readText(field(account, "workspace_backend_origin")) ?? noConstraint;
    const override = readText(field(account, "account_routing_override")) ?? noConstraint;
    const base = this.#anywhere().origin;
    return {
      origin: origin === noConstraint ? base : allowedOrigin(origin, base),
      override: override === noConstraint || !/^[\w-]{1,64}$/.test(override) ? null : override,
    };
  }
}

/** One person's own account is bound to no place, so it need not wait for an answer that does not come. */
function isPersonal({ plan }: Login): boolean {
  return plan !== null && ["free", "go", "plus", "pro", "prolite", "promax"].includes(plan);
}

/** A token goes to https only; where the backend is a server of this machine, everything stays on this machine. */
function allowedOrigin(text: string, base: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.username !== "" || url.password !== "") return base;
  if (base.startsWith("http:"))
    return url.protocol === "http:" && isLoopbackHost(url.hostname) ? url.origin : base;
  return url.protocol === "https:" ? url.origin : base;
}

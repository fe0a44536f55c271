import { limitText } from "../../budget/policy.ts";
import type { PoolAccount } from "../admin/accounts.ts";
import type { ClientKey } from "../keys/client-keys.ts";
import { budgets, keyState } from "./cards.ts";
import type { Page } from "./layout.ts";
import { html, type Markup } from "./markup.ts";
import type { KeyFigures } from "./overview-figures.ts";
import { timeText } from "./words.ts";

export function keysPage(keys: readonly KeyFigures[], accounts: readonly PoolAccount[], nowMs: number): Page {
  const order = (each: KeyFigures) => (each.why === null ? 0 : 1);
  const cards = keys.toSorted((one, other) => order(one) - order(other)).map((each) => keyCard(each, nowMs));
  return {
    title: "Keys",
    section: "/keys",
    body: html`<section id="keys" class="cards" data-live>
        ${cards.length > 0 ? cards : [html`<p>No keys yet.</p>`]}
      </section>
      <h2>Make a key</h2>
      <section>
        <form class="fields" method="post" data-api="POST /api/keys">
          <label>Name<input name="name" required maxlength="64" autocomplete="off" placeholder="ci" /></label>
          <label
            >Role<select name="role">
              <option value="client">client: asks models</option>
              <option value="admin">admin: manages this gateway</option>
            </select></label
          >
          ${policyFields(null, accounts)}
          <div><button type="submit">Make the key</button></div>
        </form>
      </section>`,
  };
}

function keyCard(each: KeyFigures, nowMs: number): Markup {
  const { key, why } = each;
  const role = key.role === "admin" ? html` <b class="tag">admin</b>` : null;
  const open = why === "revoked" ? html`${key.name}` : html`<a href="/keys/${key.id}">${key.name}</a>`;
  const about = [
    `${key.prefix}…`,
    `made ${timeText(new Date(key.createdMs).toISOString(), false)}`,
    ...(key.policy.models ? [`models: ${key.policy.models.join(", ")}`] : []),
    ...(key.policy.parallel ? [`${key.policy.parallel} at the same time`] : []),
  ].join("; ");
  const limits = key.role === "admin" || why === "revoked" ? null : budgets(each, nowMs);
  const log = html`<p><a href="/requests?key=${key.id}">Its requests</a></p>`;
  return html`<article>
    <h3>${open}${role}</h3>
    <p>${keyState(each)}</p>
    <p class="dim">${about}</p>
    ${limits}${log}
  </article>`;
}

export function keyPage(each: KeyFigures, accounts: readonly PoolAccount[], nowMs: number): Page {
  const { key, why } = each;
  const path = `/api/keys/${key.id}`;
  const button = (api: string, words: { text: string; ask: string; next?: string; isRisky?: boolean }) =>
    html`<button
      type="button"
      class="${words.isRisky ? "risky" : "plain"}"
      data-api="${api}"
      data-confirm="${words.ask}"
      data-action="${words.text}"
      data-next="${words.next ?? ""}"
    >
      ${words.text}
    </button>`;
  const actions = [
    button(`POST ${path}/rotate`, {
      text: "New secret",
      ask: `Give ${key.name} a new secret? The old one opens nothing from then on.`,
    }),
    button(`POST ${path}/reset`, {
      text: "Reset limits",
      ask: `Begin the limits of ${key.name} again with nothing used?`,
    }),
    button(`DELETE ${path}`, {
      text: "Revoke",
      ask: `Revoke ${key.name}? It opens nothing any more, and cannot be opened again.`,
      next: "/keys",
      isRisky: true,
    }),
  ];
  const change = html`<h2>Change</h2>
    <section>
      <form class="fields" method="post" data-api="PATCH ${path}">
        <label
          >Name<input name="name" required maxlength="64" autocomplete="off" value="${key.name}"
        /></label>
        ${policyFields(key, accounts)}
        <div><button type="submit">Save</button></div>
      </form>
    </section>
    <h2>More</h2>
    <section><div class="row">${actions}</div></section>`;
  return {
    title: `Key ${key.name}`,
    section: "/keys",
    body: html`<p><a href="/keys">All keys</a>, <a href="/requests?key=${key.id}">its requests</a></p>
      <section id="key" data-live>
        <p>${keyState(each)}, ${key.role}, ${key.prefix}…</p>
        ${budgets(each, nowMs)}
      </section>
      ${why === "revoked" ? null : change}`,
  };
}

function policyFields(key: ClientKey | null, accounts: readonly PoolAccount[]): Markup {
  const policy = key?.policy;
  const limits = (policy?.limits ?? []).map(limitText).join("\n");
  const day = key?.expiresMs ? new Date(key.expiresMs).toISOString().slice(0, 10) : "";
  const boxes = accounts.map(
    ({ id, name }) =>
      html`<label class="check"
        ><input
          type="checkbox"
          name="accounts"
          value="${id}"
          ${policy?.accounts?.includes(id) ? html`checked` : null}
        />${name}</label
      >`,
  );
  return html`<label
      >Limits, one a line<textarea
        name="limits"
        rows="3"
        data-as="list"
        placeholder="requests=100/day"
        aria-describedby="limit-words"
      >
${limits}</textarea>
    </label>
    <p class="dim" id="limit-words">
      requests, input, output, tokens or cost (as 5usd); a minute, 5h, day, week or month; for one model:
      cost=5usd/week@gpt-6-sol
    </p>
    <label
      >Models, one a line; none: all<textarea name="models" rows="2" data-as="names">
${(policy?.models ?? []).join("\n")}</textarea>
    </label>
    <fieldset>
      <legend class="dim">Accounts; none: all</legend>
      ${boxes}
    </fieldset>
    <label
      >Requests at the same time<input
        name="parallel"
        type="number"
        min="1"
        max="10000"
        data-as="count"
        value="${policy?.parallel ?? ""}"
    /></label>
    <label>Expires on, UTC<input name="expiresAt" type="date" data-as="day" value="${day}" /></label>`;
}

export function signInPage(): Page {
  return {
    title: "Sign in",
    section: null,
    body: html`<section>
        <p>On the machine of the gateway, run <code>codex auth gateway open</code>: its link signs you in.</p>
      </section>
      <h2>With an admin key</h2>
      <section>
        <form class="fields" method="post" data-api="POST /api/session">
          <label
            >Admin key<input name="key" type="password" required autocomplete="off" placeholder="sk-ca-…"
          /></label>
          <div><button type="submit">Sign in</button></div>
        </form>
      </section>`,
  };
}

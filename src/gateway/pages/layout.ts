import { sha256 } from "../../machine/hash.ts";
import { html, type Markup } from "./markup.ts";
import { pageScript } from "./script.ts";
import { gatewayStyle } from "./style.ts";

/** What the pages fetch; the name changes with the content, so that browsers may keep it. */
export const assets: ReadonlyMap<string, { readonly type: string; readonly body: string }> = new Map([
  [assetPath(gatewayStyle, "css"), { type: "text/css; charset=utf-8", body: gatewayStyle }],
  [assetPath(pageScript, "js"), { type: "text/javascript; charset=utf-8", body: pageScript }],
]);

const [stylePath = "", scriptPath = ""] = assets.keys();

/** Only what this gateway serves itself; nobody frames it, and no form leaves it. */
export const pageHeaders: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

const sections = [
  ["/", "Overview"],
  ["/accounts", "Accounts"],
  ["/keys", "Keys"],
  ["/requests", "Requests"],
  ["/audit", "Audit"],
] as const;

export interface Page {
  readonly title: string;
  /** Of the section it belongs to; null for who is not signed in. */
  readonly section: (typeof sections)[number][0] | null;
  readonly body: Markup;
}

export function pageText({ title, section, body }: Page): string {
  const links = sections.map(
    ([path, name]) =>
      html`<a href="${path}" ${path === section ? html`aria-current="page"` : null}>${name}</a>`,
  );
  const signOut = html`<button type="button" class="plain" data-api="DELETE /api/session">Sign out</button>`;
  const nav = section === null ? null : html`<nav aria-label="Pages">${links}${signOut}</nav>`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="data:," />
        <title>${title} - Codex gateway</title>
        <link rel="stylesheet" href="${stylePath}" />
        <script type="module" src="${scriptPath}"></script>
      </head>
      <body>
        <a class="skip" href="#main">To the content</a>
        <header><b>Codex gateway</b>${nav}</header>
        <main id="main">
          <h1>${title}</h1>
          <noscript><p class="bad">Changes need JavaScript; everything can be read without.</p></noscript>
          ${body}
        </main>
        <dialog id="ask" aria-labelledby="ask-text">
          <p id="ask-text"></p>
          <p>
            <button type="button" value="yes"></button>
            <button type="button" class="plain" value="no">Cancel</button>
          </p>
        </dialog>
        <dialog id="secret" aria-labelledby="secret-text">
          <p id="secret-text">This key is shown once. Copy it now.</p>
          <p><code></code></p>
          <p>
            <button type="button" value="copy">Copy</button>
            <button type="button" class="plain" value="done">Done</button>
          </p>
        </dialog>
      </body>
    </html> `.text;
}

function assetPath(text: string, end: string): string {
  return `/assets/${sha256(text).slice(0, 16)}.${end}`;
}

import { sha256 } from "../../machine/hash.ts";
import { pageStyle } from "../../ui/page-style.ts";
import { html, type Markup } from "./markup.ts";
import { pageScript } from "./script.ts";

/** The look of the report page, and what only the gateway's pages have. */
const gatewayStyle = `${pageStyle}
header{display:flex;flex-wrap:wrap;gap:.4rem 1.2rem;align-items:center;padding:.6rem 1rem;background:var(--card);border-bottom:1px solid var(--line)}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1rem;align-items:center;flex:1 1 22rem}
nav a{color:var(--text);text-decoration:none;padding:.35rem 0;border-bottom:2px solid transparent}
nav a[aria-current]{border-color:var(--fan);font-weight:600}
nav button{margin-left:auto}
a{color:var(--fan)}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.4rem}
main>form.filter{margin-top:.6rem}
:focus-visible{outline:2px solid var(--fan);outline-offset:2px}
svg.gauge{height:.7rem;border:0;border-radius:.4rem;overflow:hidden;background:var(--track)}
svg.gauge rect{fill:currentColor}
svg.line{height:.9rem;background:var(--track);border:0;border-radius:.2rem}svg.line path{vector-effect:non-scaling-stroke}
.tick{stroke:var(--dim);stroke-width:1;opacity:.5}.blocked{fill:var(--bad);opacity:.35}
.short{stroke:var(--c1);stroke-width:4}.long{stroke:var(--c2);stroke-width:8}
.lines{display:grid;grid-template-columns:minmax(6rem,12rem) 1fr;gap:.5rem .8rem;align-items:center}
.days{display:flex;justify-content:space-between;color:var(--dim);font-size:.8rem}
.sums{display:grid;gap:.5rem 1.5rem;grid-template-columns:repeat(auto-fit,minmax(7rem,1fr))}
.sums b{display:block;font-size:1.4rem;font-variant-numeric:tabular-nums}
.budget{display:grid;grid-template-columns:1fr auto;gap:.1rem .6rem;margin:.35rem 0}
.budget svg{grid-column:1/3}
form.fields{display:grid;gap:.8rem;max-width:34rem}
form.filter{display:flex;flex-wrap:wrap;gap:.6rem;align-items:end;margin-bottom:.6rem}
label{display:block;font-size:.875rem;color:var(--dim)}
label.check{display:flex;gap:.5rem;color:var(--text);font-size:1rem}
fieldset{border:1px solid var(--line);border-radius:.4rem;margin:0}
input:not([type=checkbox]),select,textarea{display:block;width:100%;margin-top:.2rem;padding:.4rem .5rem;font:inherit;color:var(--text);background:var(--back);border:1px solid var(--dim);border-radius:.35rem}
[aria-invalid=true]{border-color:var(--bad)!important}
button{font:inherit;padding:.4rem .9rem;border:1px solid var(--fan);border-radius:.35rem;background:var(--fan);color:var(--back);cursor:pointer}
button.plain{background:none;color:var(--text);border-color:var(--dim)}
button.risky{background:none;color:var(--bad);border-color:var(--bad)}
button[disabled]{opacity:.5}
.row{display:flex;flex-wrap:wrap;gap:.5rem;margin-top:.6rem}
dialog{max-width:min(34rem,92vw);color:var(--text);background:var(--card);border:1px solid var(--line);border-radius:.6rem}
dialog::backdrop{background:#0008}
dialog code{font-size:1rem;user-select:all}
td+td.text,th+th.text{text-align:left;white-space:normal}
td.text{min-width:4.5rem}caption{text-align:left;padding:.2rem 0}time{white-space:nowrap}
section>table:first-child{margin-top:0}
form.filter select,form.filter input{max-width:15rem}
.lines>span{display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden}
@media (max-width:44rem){.lines{grid-template-columns:1fr;gap:.2rem}svg.line{margin-bottom:.4rem}
td.text{min-width:0}table.stack thead{position:absolute;left:-99rem}
table.stack tr{display:block;padding:.5rem 0;border-bottom:1px solid var(--line)}
table.stack td{display:flex;justify-content:space-between;gap:1rem;border:0;padding:.1rem 0;text-align:right!important}
table.stack td::before{content:attr(data-label);color:var(--dim)}}
`;

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

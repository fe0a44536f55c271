/** What the browser shows at the end. Nothing in it comes from the request. */
export const successPage = page("Signed in", "codex-auth has the login. You can close this page.");

export const failurePage = page("Not signed in", "The login was not completed. The terminal says why.");

export const strayPage = page(
  "Another login",
  "This page does not belong to the login that codex-auth still waits for. Go back to the page that it opened last.",
);

function page(title: string, text: string): string {
  return [
    "<!doctype html>",
    `<html lang="en"><meta charset="utf-8"><title>${title}</title>`,
    "<style>body{font:1.1em system-ui,sans-serif;margin:20vh auto;max-width:30em;text-align:center}</style>",
    `<h1>${title}</h1><p>${text}</p></html>`,
    "",
  ].join("\n");
}

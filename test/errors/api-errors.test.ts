import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { errorsPage } from "../../.ci/errors-page.ts";
import { apiErrorRow, apiErrors } from "../../src/errors/api-errors.ts";
import { commandErrors } from "../../src/errors/command-errors.ts";

const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");

test("docs/errors.md is what the catalog says (npm run docs)", () => {
  expect(page).toBe(errorsPage());
});

test.each([...Object.keys(apiErrors), ...Object.keys(commandErrors)])(
  "%s has its row in docs/errors.md",
  (code) => {
    expect(page).toMatch(new RegExp(`^\\| \`${code}\` +\\|`, "m"));
  },
);

test.each(Object.entries(apiErrors))("%s is complete", (code, row) => {
  expect(code).toMatch(/^[a-z][a-z0-9_]+$/);
  expect(row.statuses.every((status) => status >= 400 && status <= 599)).toBe(true);
  expect(row.meaning).toMatch(/^[A-Z].*\.$/);
  expect(row.hint.length).toBeGreaterThan(10);
});

// What one may retry is not for the user alone to mend, and a bug is not mended by waiting.
test("each status says who must act in the same way", () => {
  for (const [code, { statuses, fault }] of Object.entries(apiErrors)) {
    if (fault === "upstream") expect([code, statuses[0] === 429 || statuses[0] >= 500]).toEqual([code, true]);
    if (fault === "bug") expect([code, statuses[0]]).toEqual([code, 500]);
  }
});

test.each([
  ["codex_runtime_rotation_pool_exhausted", "usage_limit_reached", [429, 503]],
  ["codex_pinned_account_unavailable", "usage_limit_reached", [429, 503]],
  ["runtime_rotation_proxy_unauthorized", "authentication_error", [401]],
  ["runtime_rotation_proxy_not_found", "invalid_request_error", [404]],
  ["runtime_rotation_proxy_payload_too_large", "invalid_request_error", [413]],
  ["codex_runtime_rotation_proxy_error", "server_error", [500]],
])("%s of the proxy's contract is there", (code, type, statuses) => {
  expect(apiErrorRow(code)).toMatchObject({ type, statuses });
});

test("a name of Object is no code", () => {
  expect(apiErrorRow("constructor")).toBeUndefined();
});

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readAuthDocument } from "../../../src/codex/auth-json.ts";
import { formatNames } from "../../../src/interchange/format-names.ts";
import { readStoreFiles } from "../../../src/interchange/detect-format.ts";
import { forgeAuthJson } from "../../support/forge.ts";
import { projectRoot } from "../../support/home.ts";

const stores = join(projectRoot, "fixtures/stores");
const login = forgeAuthJson({ issuedAt: 1_800_000_000 });
const { id_token: id, access_token: access, refresh_token: refresh } = login.tokens;

/** The words that the formats are made of, so that chance comes near to real stores. */
const keys =
  "version accounts activeIndex accessToken refreshToken flaggedAt lastError enabled accountLabel type access_token refresh_token id_token disabled last_refresh openai oauth access refresh key format kdf cipher data salt nonce ciphertext auth label pausedAt setAside since tokens auth_mode schema_version alias tool profile backed_up_at __proto__ constructor".split(
    " ",
  );
const words =
  "codex claude oauth api wellknown codex-auth-bundle codex-lb-account-bundle chatgpt apikey now".split(" ");

const leaf = fc.oneof(
  fc.constantFrom(id, access, refresh, ...words),
  fc.constantFrom(0, 1, 3, -1, 1e300, 1.5, null, true, false, ""),
  fc.string(),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie("value"), { maxLength: 4 }), tie("object")),
  object: fc
    .array(fc.tuple(fc.constantFrom(...keys), tie("value")), { maxLength: 8 })
    .map((entries) => Object.fromEntries(entries) as unknown),
}));

/** Every fixture, whole or with values in it replaced by anything. */
const fixtures = readdirSync(stores, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".json"))
  .flatMap((name) => {
    const text = readFileSync(join(stores, name), "utf8");
    return text.startsWith("{") ? [JSON.parse(text) as unknown] : [];
  });

const spoilt = fc
  .tuple(fc.constantFrom(...fixtures), fc.array(fc.tuple(fc.nat(40), value), { maxLength: 3 }))
  .map(([document, changes]) => changes.reduce((older, change) => replaceAt(older, change), document));

/** The document with its nth value, counted from the top, replaced. */
function replaceAt(document: unknown, [wanted, instead]: [number, unknown]): unknown {
  let seen = -1;
  return JSON.parse(JSON.stringify(document), (_, each: unknown) =>
    (seen += 1) === wanted ? instead : each,
  );
}

test("whatever a file holds, it is read or named, and what is read is a login that Codex takes", () => {
  const name = fc.constantFrom("a.json", "registry.json", "meta.json", "profile.json", "auth.json");
  const file = fc.record({
    path: name.map((each) => `/x/${each}`),
    text: fc.oneof(value, spoilt).map((each) => JSON.stringify(each)),
  });
  const from = fc.option(fc.constantFrom(...formatNames));
  let logins = 0;
  fc.assert(
    fc.property(fc.array(file, { minLength: 1, maxLength: 3 }), from, (files, format) => {
      const readings = readStoreFiles(files, { from: format, passphrase: null });
      expect(readings).toHaveLength(files.length);
      for (const reading of readings) {
        if (reading.kind !== "entries") expect(reading.problem).not.toBe("");
        else
          for (const entry of reading.entries) {
            if (entry.kind !== "login") continue;
            logins += 1;
            expect(readAuthDocument(entry.login.document).kind).toBe("login");
          }
      }
    }),
    { numRuns: 2000 },
  );
  expect(logins).toBeGreaterThan(50);
});

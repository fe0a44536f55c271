import { expect, test } from "vitest";
import { isSecret, newSecret } from "../../../src/gateway/keys/key-secret.ts";

test("a secret with a typing error is no secret", () => {
  const secret = newSecret();
  expect(secret).toMatch(/^sk-ca-.{49}$/);
  expect(isSecret(secret)).toBe(true);
  const other = secret[20] === "a" ? "b" : "a";
  expect(isSecret(`${secret.slice(0, 20)}${other}${secret.slice(21)}`)).toBe(false);
  expect(["", "sk-ca-", `${secret}x`, ` ${secret}`, secret.toUpperCase()].filter(isSecret)).toEqual([]);
});

import { expect, test } from "vitest";
import { keptLogin } from "../../src/codex/auth-json.ts";
import { accountName, nameAmong, newAccount } from "../../src/pool/account.ts";
import { forgeAuthJson } from "../support/forge.ts";

function account(email: string, userId: string, plan: string, label: string | null = null) {
  const made = newAccount(keptLogin(forgeAuthJson({ email, userId, accountId: "a", plan })), 0);
  made.label = label;
  return made;
}

test("an account is named by what tells it from the others", () => {
  const accounts = [
    account("ada@x.example", "u1", "plus"),
    account("dev@x.example", "u2", "team"),
    account("ada@x.example", "u3", "pro"),
    account("ada@x.example", "u4", "pro", "lab"),
  ];
  expect(accounts.map(nameAmong(accounts))).toEqual([
    "ada@x.example (plus, row 1)",
    "dev@x.example",
    "ada@x.example (pro, row 3)",
    "lab (ada@x.example)",
  ]);
});

test("an account that is in no pool yet is named by its e-mail, not by its id", () => {
  const accounts = [account("ada@x.example", "u1", "plus"), account("ada@x.example", "u3", "pro")];
  expect(accountName(account("eve@x.example", "u9", "plus"), accounts)).toBe("eve@x.example");
});

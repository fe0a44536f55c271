import { expect, test } from "vitest";
import { forgeAuthJson } from "../../support/forge.ts";
import { homeWithThree } from "../../support/home.ts";

// The sentence of the fix was made from that of the fault by a pattern in which a dot meets no line break.
test("what fix does with an unknown login is said whatever its e-mail holds", async () => {
  const home = await homeWithThree();
  home.write(
    "auth.json",
    forgeAuthJson({ email: "stranger\nx@out.example", userId: "user-new", accountId: "new" }),
  );
  const { stdout } = await home.run(["fix", "--dry-run"]);
  expect(stdout).toMatch(/^would do: Take the login in auth\.json \(.*\) into the pool\.$/m);
});

import { expect, test } from "vitest";
import { homeWithThree } from "../../support/home.ts";

test("a damaged file that was put aside is not to be deleted while it names an account that the pool lacks", async () => {
  const home = await homeWithThree();
  const whole = home.read("codex-auth/pool.json");
  home.write("codex-auth/pool.json", whole.slice(0, whole.lastIndexOf('"refresh_token"')));
  await home.run(["fix"]);
  const { accounts } = JSON.parse((await home.run(["list", "--json"])).stdout);
  expect(accounts).toHaveLength(2);
  const { findings } = JSON.parse((await home.run(["doctor", "--json"])).stdout);
  const found = findings.filter(({ id }: { id: string }) => id === "files_kept_aside");
  expect(found).toMatchObject([
    { severity: "warning", message: expect.stringContaining("ada@personal.example (pro)") },
  ]);
});

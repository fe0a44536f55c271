import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { forgeAuthJson } from "../../support/forge.ts";
import { homeWithThree, TestHome } from "../../support/home.ts";

test("a secret of a kind that we do not know is never overwritten without being kept aside", async () => {
  const home = await homeWithThree();
  home.write("auth.json", { auth_mode: "chatgpt", OPENAI_API_KEY: "sk-precious" });
  const refused = await home.run(["switch", "2"]);
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.stderr).toContain("--replace-broken");
  expect(home.read("auth.json")).toContain("sk-precious");
  expect((await home.run(["switch", "2", "--replace-broken"])).code).toBe(0);
  expect(execFileSync("grep", ["-rl", "sk-precious", home.path]).toString()).toContain("auth.json.broken-");
});

test("a token whose times no calendar holds breaks no command", async () => {
  const home = await homeWithThree();
  home.write(
    "odd.json",
    forgeAuthJson({ email: "odd@example.com", userId: "u", accountId: "x", expiresInSec: 1e15 }),
  );
  for (const line of [
    `import ${home.file("odd.json")}`,
    "list",
    "status",
    "pause odd",
    "switch odd",
    "switch 1",
    "remove odd@example.com",
  ]) {
    expect([line, await home.run(line.split(" "))]).toMatchObject([line, { code: 0 }]);
  }
});

test.each(["auth.json", "config.toml", "auth.lock"])(
  "a pipe in the place of %s is refused, not waited for",
  async (name) => {
    const home = await homeWithThree();
    if (name === "auth.json") home.remove(name);
    execFileSync("mkfifo", [home.file(name)]);
    const { code, stderr } = await home.run(["switch", "2"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("it is no regular file")]);
  },
);

test.each(["auth.json", "config.toml"])("a folder in the place of %s is named", async (name) => {
  const home = await homeWithThree();
  if (name === "auth.json") home.remove(name);
  mkdirSync(home.file(name));
  const { code, stderr } = await home.run(["switch", "2"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("it is a folder")]);
});

test("import takes no pipe, no huge file and nothing through a link in a folder", async () => {
  const home = new TestHome();
  home.write("outside.json", forgeAuthJson({ accountId: "acct-outside" }));
  mkdirSync(home.file("logins"));
  symlinkSync(home.file("outside.json"), home.file("logins/link.json"));
  execFileSync("mkfifo", [home.file("logins/pipe.json")]);
  writeFileSync(home.file("logins/huge.json"), "x".repeat(16_100_000));
  const { code, stdout } = await home.run(["import", home.file("logins"), "--json"]);
  expect([code, JSON.parse(stdout)]).toMatchObject([1, { error: { code: "import_failed" } }]);
  for (const [path, why] of [
    ["/dev/zero", "no regular file"],
    [home.file("logins/pipe.json"), "no regular file"],
    [home.file("logins/huge.json"), "larger than 16 MB"],
  ] as const) {
    expect((await home.run(["import", path])).stderr).toContain(why);
  }
});

test("keys that play with prototypes are data like any other", async () => {
  const home = new TestHome();
  const text = JSON.stringify(forgeAuthJson()).replace(
    "{",
    '{"__proto__":{"polluted":true},"constructor":1,',
  );
  home.write("auth.json", text);
  expect((await home.run(["import"])).code).toBe(0);
  expect((await home.run(["list", "--json"])).stdout).not.toContain("polluted");
  expect(home.read("codex-auth/pool.json")).toContain('"__proto__":{"polluted":true}');
});

test.each([
  ["CODEX_HOME", "/no/such/place", "is no folder"],
  ["CODEX_AUTH_DIR", "relative", "another folder wherever you stand"],
  ["CODEX_AUTH_DIR", "~/store", "another folder wherever you stand"],
])("%s=%s is refused by commands that only look, too", async (name, value, why) => {
  const home = await homeWithThree();
  for (const line of ["list", "status", "switch 2"]) {
    const { code, stderr } = await home.run(line.split(" "), { env: { [name]: value } });
    expect([line, code, stderr]).toEqual([line, 1, expect.stringContaining(why)]);
  }
});

// Both have a history.jsonl and a folder named sessions, and uninstall would have removed those of Codex.
test("a CODEX_AUTH_DIR that is the home of Codex is refused, also through a link", async () => {
  const home = await homeWithThree();
  symlinkSync(home.path, home.file("link"));
  home.write("sessions/2026/a.jsonl", "{}");
  for (const place of [home.path, home.file("link")]) {
    for (const line of ["list", "switch 2", "uninstall --dry-run", "uninstall --yes --forget-accounts"]) {
      const { code, stderr } = await home.run(line.split(" "), { env: { CODEX_AUTH_DIR: place } });
      expect([line, code, stderr]).toEqual([line, 1, expect.stringContaining("the home of Codex itself")]);
    }
  }
  expect(home.read("sessions/2026/a.jsonl")).toBe("{}");
});

test("a store folder that was opened to others is closed again", async () => {
  const home = await homeWithThree();
  execFileSync("chmod", ["777", home.file("codex-auth")]);
  await home.run(["switch", "2"]);
  expect(execFileSync("stat", ["-c", "%a", home.file("codex-auth")]).toString()).toBe("700\n");
});

test("a damaged login in the pool is not made live", async () => {
  const home = await homeWithThree();
  const pool = home.read("codex-auth/pool.json").split("\n");
  pool[2] = (pool[2] ?? "").replace(/"id_token":"[^"]*"/, '"id_token":"garbage"');
  home.write("codex-auth/pool.json", pool.join("\n"));
  const before = home.read("auth.json");
  expect(await home.run(["switch", "2"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("is damaged"),
  });
  expect(home.read("auth.json")).toBe(before);
});

test("the answer that cannot be written is not called a fault, and what was done is said", async () => {
  const home = await homeWithThree();
  const command = 'exec 1>/dev/full; exec "$0" switch 2';
  const { projectRoot, runProcess } = await import("../../support/home.ts");
  const env = { PATH: process.env["PATH"] ?? "", HOME: home.path, CODEX_HOME: home.path };
  const { code, stderr } = await runProcess("/bin/sh", ["-c", command, `${projectRoot}/bin/codex-auth`], {
    env,
  });
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining("could not be written to standard output: ENOSPC"),
  ]);
  expect(stderr).toContain("has done its work");
});

test("a CODEX_AUTH_DIR where no file can be is named as that, and not as a full disk", async () => {
  const home = await homeWithThree();
  const env = { CODEX_AUTH_DIR: "/proc/x" };
  const { stdout } = await home.run(["doctor", "--only", "store", "--json"], { env });
  const { findings } = JSON.parse(stdout) as { findings: { id: string; fix: string }[] };
  expect(findings).toMatchObject([{ id: "folder_read_only", fix: "unset CODEX_AUTH_DIR" }]);
});

test("what makes check fail is an error of doctor too", async () => {
  const home = await homeWithThree();
  mkdirSync(home.file("codex-auth/limits.json"));
  const { code, stdout } = await home.run(["doctor", "--only", "store"]);
  expect([code, stdout]).toEqual([1, expect.stringContaining("and check fails")]);
});

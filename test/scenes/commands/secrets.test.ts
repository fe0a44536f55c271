import { expect, test } from "vitest";
import { forgeAuthJson } from "../../support/forge.ts";
import { TestHome } from "../../support/home.ts";
import { spellings } from "../../support/spellings.ts";

const apiKey = "sk-marked-api-key-0123456789";
const refreshToken = "rt-marked-refresh-token-0123456789";

test("no command and no error prints a secret, in any spelling", async () => {
  const home = new TestHome();
  const login = forgeAuthJson({ refreshToken, expiresInSec: -60 });
  home.write("logins/a.json", login);
  home.write("logins/key.json", { auth_mode: "apikey", OPENAI_API_KEY: apiKey });
  home.write("logins/torn.json", JSON.stringify(login).slice(0, -9));
  home.write("auth.json", login);
  const spoilt = { refreshToken, accessToken: "x", email: refreshToken, lastError: refreshToken };
  home.write("theirs.json", { version: 3, activeIndex: 0, accounts: [spoilt, spoilt] });
  const { access_token, id_token } = login.tokens;
  const secrets = [apiKey, refreshToken, access_token, id_token].flatMap(spellings);
  const lines = [
    `import ${home.file("logins")}`,
    `import ${home.file("logins/torn.json")}`,
    "list",
    "status",
    "switch 2",
    "switch 1",
    "switch x",
    "switch 2 --dry-run",
    "label 1 name",
    "pause 1",
    "resume 1",
    "token 1",
    `export 1 --out ${home.file("out.json")} --yes`,
    "export 1 --json",
    `export 1 --format opencode --out ${home.file("opencode.json")} --yes`,
    `export 1 --format cliproxyapi --out ${home.file("cliproxyapi.json")} --yes`,
    `export 1 2 --format bundle --out ${home.file("bundle.json")} --yes`,
    "export 1 2 --format bundle --passphrase-stdin",
    `import ${home.file("opencode.json")}`,
    `import ${home.file("bundle.json")}`,
    `import ${home.file("theirs.json")}`,
    "remove 2",
    "backup list",
    "backup restore latest",
    "remove 1 --force",
    "init bash",
    "__complete -- switch ",
    "doctor",
    "fix",
    `explain 401 ${secrets.join(" ")}`,
    "rotation start --background",
    "rotation status",
    "rotation enable-hint",
    "rotation stop",
    "demo",
    "bogus",
  ];
  for (const line of lines.flatMap((each) => [each, `${each} --json`])) {
    const { stdout, stderr } = await home.run(line.split(" "), { cwd: home.path });
    expect([line, secrets.filter((secret) => (stdout + stderr).includes(secret))]).toEqual([line, []]);
  }
  home.write("codex-auth/pool.json", `{"version":1,"accounts":"${refreshToken}"}`);
  home.write("auth.json", `{"tokens":"${refreshToken}"}`);
  for (const line of ["list", "status", "switch 1", "import"]) {
    const { stdout, stderr } = await home.run([line, "--json"]);
    expect([line, (stdout + stderr).includes(refreshToken)]).toEqual([line, false]);
  }
});

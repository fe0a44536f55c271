import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { sharedFolders } from "../../../src/store/homes/home-owner.ts";
import { projectRoot, runProcess } from "../../support/home.ts";
import { RenewalScene } from "../../support/renewals.ts";

const unshare = ["-m", "-rm"].find((flags) => spawnSync("unshare", [flags, "true"]).status === 0);
const noMount = unshare === undefined ? " (skipped: no mount namespace can be made)" : "";
const noUser = process.getuid?.() === 0 ? "" : " (skipped: only root can run as another user)";
const nobody = 65_534;

const program = join(projectRoot, "bin/codex-auth");

type Run = (scene: RenewalScene, line: string) => ReturnType<typeof runProcess>;

/** Where CODEX_HOME is mounted read-only, as `docker run -v …:ro` does. */
const mounted: Run = ({ home, env }, line) => {
  const script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"';
  const words = [unshare ?? "-m", "sh", "-c", script, "sh", home.path, program, ...line.split(" ")];
  return runProcess("unshare", words, { env: { ...home.env, ...env } });
};

/** As a user who may read all of CODEX_HOME and change nothing in it. */
const foreign: Run = ({ home, env }, line) =>
  runProcess(program, line.split(" "), { env: { ...home.env, ...env }, uid: nobody });

function openToReaders({ home }: RenewalScene): void {
  for (const name of ["", ...namesIn(home.path)]) {
    const path = home.file(name);
    fs.chmodSync(path, fs.statSync(path).isDirectory() ? 0o755 : 0o644);
  }
}

function namesIn(folder: string): string[] {
  return fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
}

function everything({ home }: RenewalScene): string[] {
  return namesIn(home.path).map((name) => {
    const { ino, size, mtimeMs } = fs.lstatSync(home.file(name));
    return [name, ino, size, mtimeMs].join(" ");
  });
}

const refused: [string, string, RegExp][] = [
  ["has ended", "token a@example.com", /^Cannot take the lock /],
  ["has ended", "token b@example.com", /^Cannot take the lock /],
  ["has ended", "exec a@example.com -- true", /^Cannot make a CODEX_HOME for the command /],
  ["has ended", "exec b@example.com -- true", /^Cannot make a CODEX_HOME for the command /],
  ["has ended", "exec --rotate -- true", /^Cannot make a CODEX_HOME for the command /],
  ["is good", "exec b@example.com -- true", /^Cannot make a CODEX_HOME for the command /],
];

const kinds = [
  [
    "mounted read-only",
    mounted,
    noMount,
    /: the file system is read-only\.\nMount it .*findmnt --target '?\//,
  ],
  ["of another user", foreign, noUser, /: permission denied\.\nCheck the owner .*: ls -la '?\//],
] as const;

for (const [kind, run, why, reason] of kinds) {
  test.skipIf(why).each(refused)(
    `in a home ${kind}, with a token that %s, %s spends and writes nothing and says what to type${why}`,
    async (token, line, message) => {
      const scene = await RenewalScene.open(["a", "b"], {
        expiresInSec: token === "is good" ? 90_000 : 3600,
      });
      if (run === foreign) openToReaders(scene);
      const before = everything(scene);
      const { code, stdout, stderr } = await run(scene, line);
      expect([code, stdout, stderr]).toEqual([1, "", expect.stringMatching(message)]);
      expect(stderr).toMatch(reason);
      expect(stderr).toMatch(/Nothing was changed\.\n$/);
      expect([scene.fake.issuer.refreshes, everything(scene)]).toEqual([0, before]);
      const json = await run(scene, line.replace(/^\w+/, "$& --json"));
      expect([json.code, JSON.parse(json.stdout).error.code]).toEqual([1, "permission_denied"]);
    },
  );

  test.skipIf(why)(`in a home ${kind}, token prints an access token that is good${why}`, async () => {
    const scene = await RenewalScene.open(["a", "b"], { expiresInSec: 90_000 });
    if (run === foreign) openToReaders(scene);
    const before = everything(scene);
    for (const line of ["token a@example.com", "token b@example.com"])
      expect(await run(scene, line)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^ey[\w-]+\.[\w-]+\.[\w-]+\n$/),
        stderr: "",
      });
    expect([scene.fake.issuer.refreshes, everything(scene)]).toEqual([0, before]);
  });
}

// The token of the account was renewed first, for a program that then could not start.
test.skipIf(noMount)(
  `with a pool elsewhere that can be written, exec in a read-only home sends no token for nothing${noMount}`,
  async () => {
    const scene = await RenewalScene.open(["a", "b"]);
    const { home } = scene;
    const elsewhere = `${home.path}-pool`;
    onTestFinished(() => fs.rmSync(elsewhere, { recursive: true, force: true }));
    fs.renameSync(home.file("codex-auth"), elsewhere);
    home.env["CODEX_AUTH_DIR"] = elsewhere;
    const line = "exec b@example.com -- true";
    expect(await mounted(scene, line)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^Cannot make a CODEX_HOME for the command .*sessions\): the file system is/,
      ),
    });
    expect(scene.fake.issuer.refreshes).toBe(0);
    for (const name of sharedFolders) fs.mkdirSync(home.file(name));
    expect(await mounted(scene, line)).toEqual({ code: 0, stdout: "", stderr: "" });
    expect([scene.fake.issuer.refreshes, scene.fake.issuer.reuses]).toEqual([1, 0]);
  },
);

import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { isMountPoint } from "../../../src/machine/disks.ts";
import type { FileSystem } from "../../../src/machine/file-system.ts";
import { parsePool } from "../../../src/pool/pool.ts";
import { type Finished, projectRoot, runProcess, type TestHome } from "../../support/home.ts";
import { withMadeUpFiles } from "../../support/made-up-files.ts";
import { RenewalScene } from "../../support/renewals.ts";

const unshare = ["-m", "-rm"].find((flags) => spawnSync("unshare", [flags, "true"]).status === 0);
const why = unshare === undefined ? " (skipped: no mount namespace can be made)" : "";

interface Mounting {
  /** Of the file that is mounted by itself, in CODEX_HOME. */
  name?: string;
  mode?: "rw" | "ro";
}

/** Runs our program in a mount namespace in which one file is mounted by itself, as `docker run -v …/auth.json:…` does. */
function runMounted(scene: RenewalScene, line: string, { name = "auth.json", mode = "rw" }: Mounting = {}) {
  const { home } = scene;
  const [inside, outside] = [home.file(name), home.file(`outside/${name}`)];
  fs.mkdirSync(dirname(outside), { recursive: true });
  if (!fs.existsSync(outside)) fs.copyFileSync(inside, outside);
  const remount = mode === "ro" ? 'mount -o remount,bind,ro "$2"' : ":";
  const script = `mount --bind "$1" "$2" && ${remount} && shift 2 && exec "$@"`;
  const program = join(projectRoot, "bin/codex-auth");
  const words = [unshare ?? "-m", "sh", "-c", script, "sh", outside, inside, program, ...line.split(" ")];
  return runProcess("unshare", words, { env: { ...home.env, ...scene.env }, input: "sk-test-0001\n" });
}

function told(home: TestHome) {
  return expect.stringMatching(
    new RegExp(`${home.file("auth.json")} is mounted by itself[^]*Mount its folder[^]*:${home.path}`),
  );
}

// Codex and we sent the refresh token and could not save the new one: EBUSY. The advice was to run the command again.
test.skipIf(why).each<[string, "rw" | "ro"]>([
  ["check a@example.com", "rw"],
  ["check a@example.com", "ro"],
  ["token a@example.com", "rw"],
  ["token a@example.com", "ro"],
  ["exec a@example.com -- true", "rw"],
  ["export --lease a@example.com", "rw"],
  ["switch b@example.com", "rw"],
  ["switch b@example.com", "ro"],
  ["login --with-api-key", "rw"],
  ["remove --force a@example.com", "rw"],
])(
  `%s with auth.json mounted by itself (%s) spends nothing and says what to mount${why}`,
  async (line, mode) => {
    const scene = await RenewalScene.open(["a", "b"]);
    const { code, stderr } = await runMounted(scene, line, { mode });
    // `check` tells it per account.
    const { stdout } = line.startsWith("check")
      ? await runMounted(scene, `${line} --json`, { mode })
      : { stdout: "" };
    expect([code, `${stderr}${stdout}`]).toEqual([1, told(scene.home)]);
    expect([scene.fake.issuer.refreshes, scene.fake.issuer.reuses]).toEqual([0, 0]);
    const { accounts } = parsePool(scene.home.read("codex-auth/pool.json"), "");
    expect([accounts.map(({ refresh }) => refresh), scene.lost(["a", "b"])]).toEqual([[null, null], []]);
  },
);

test.skipIf(why)(
  `fix changes nothing of an auth.json that is mounted by itself, and says so${why}`,
  async () => {
    const scene = await RenewalScene.open(["a"]);
    const { last_refresh: _, ...document } = JSON.parse(scene.home.read("auth.json"));
    scene.home.write("auth.json", document);
    const { code, stdout } = await runMounted(scene, "fix --json");
    const { changes, findings } = JSON.parse(stdout) as Record<string, { id: string }[]>;
    expect([code, changes]).toEqual([1, []]);
    expect(findings?.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["file_mounted", "last_refresh_missing"]),
    );
    expect(JSON.parse(scene.home.read("auth.json"))).toEqual(document);
  },
);

test.skipIf(why)(`doctor and status name an auth.json that is mounted by itself${why}`, async () => {
  const scene = await RenewalScene.open(["a"]);
  const doctor = await runMounted(scene, "doctor --json");
  const { findings } = JSON.parse(doctor.stdout) as {
    findings: { id: string; severity: string; fix: string }[];
  };
  const found = findings.find(({ id }) => id === "file_mounted");
  expect([doctor.code, found?.severity, found?.fix]).toEqual([
    1,
    "error",
    expect.stringContaining(`:${scene.home.path}`),
  ]);
  const status = await runMounted(scene, "status --json");
  expect(JSON.parse(status.stdout).findings).toContainEqual(expect.objectContaining({ id: "file_mounted" }));
});

test.skipIf(why)(`what needs no change of that auth.json works on${why}`, async () => {
  const scene = await RenewalScene.open(["a", "b"]);
  for (const line of ["list", "why", "token b@example.com", "label 2 work"])
    expect(await runMounted(scene, line), line).toMatchObject({ code: 0 });
  expect([scene.fake.issuer.refreshes, scene.lost(["a", "b"])]).toEqual([1, []]);
});

test.skipIf(why)(`after the mount is gone the account is renewed as ever${why}`, async () => {
  const scene = await RenewalScene.open(["a"]);
  await runMounted(scene, "token a@example.com");
  expect(await scene.run(["token", "a@example.com"])).toMatchObject({ code: 0 });
  expect([scene.fake.issuer.reuses, scene.lost(["a"])]).toEqual([0, []]);
});

test.skipIf(why)(`a pool.json that is mounted by itself is found before a token is spent${why}`, async () => {
  const scene = await RenewalScene.open(["a", "b"]);
  const pool = { name: "codex-auth/pool.json" };
  for (const line of ["token b@example.com", "switch b@example.com", "label 2 x"])
    expect(await runMounted(scene, line, pool), line).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("pool.json is mounted by itself"),
    });
  expect(scene.fake.issuer.refreshes).toBe(0);
});

test.skipIf(why)(
  `a config.toml that is mounted by itself is named when it is to be changed${why}`,
  async () => {
    const scene = await RenewalScene.open(["a", "b"]);
    scene.home.write("config.toml", 'cli_auth_credentials_store = "auto"\n');
    const { code, stderr } = await runMounted(scene, "switch b@example.com --use-file-store", {
      name: "config.toml",
    });
    expect([code, stderr]).toEqual([1, expect.stringContaining("mounted by itself")]);
  },
);

test.skipIf(why)(`a folder that is mounted is no fault${why}`, async () => {
  const scene = await RenewalScene.open(["a"]);
  const script = 'mount --bind "$1" "$1" && shift && exec "$@"';
  const words = [
    unshare ?? "-m",
    "sh",
    "-c",
    script,
    "sh",
    scene.home.path,
    join(projectRoot, "bin/codex-auth"),
    "token",
    "1",
  ];
  const finished: Finished = await runProcess("unshare", words, { env: { ...scene.home.env, ...scene.env } });
  expect(finished).toMatchObject({ code: 0, stderr: "" });
});

const root = "20 1 8:1 / / rw - ext4 /dev/sda rw";
const file = "40 20 8:1 /me/auth.json /h/.codex/auth.json rw,relatime shared:1 master:2 - ext4 /dev/sda rw";

test.each<[string, string[], string, boolean]>([
  ["the file itself", [root, file], "/h/.codex/auth.json", true],
  ["its folder", [root, "40 20 8:1 /x /h/.codex rw - ext4 /dev/sda rw"], "/h/.codex/auth.json", false],
  ["another file", [root, file], "/h/.codex/auth.json2", false],
  [
    "a name with a blank",
    [root, "40 20 8:1 /a /h/my\\040home/auth.json rw - ext4 d rw"],
    "/h/my home/auth.json",
    true,
  ],
  [
    "a file below a folder that was mounted over it later",
    [root, file, "41 20 0:5 / /h/.codex rw - tmpfs t rw"],
    "/h/.codex/auth.json",
    false,
  ],
  [
    "a file in a folder that was mounted before",
    [root, "41 20 0:5 / /h/.codex rw - tmpfs t rw", "42 41 8:1 /a /h/.codex/auth.json rw - ext4 d rw"],
    "/h/.codex/auth.json",
    true,
  ],
  [
    "two mounts on the file",
    [root, file, "43 40 8:1 /b /h/.codex/auth.json rw - ext4 d rw"],
    "/h/.codex/auth.json",
    true,
  ],
  ["a system without a line for its root", [file], "/h/.codex/auth.json", true],
  ["a torn table", ["nonsense", ""], "/h/.codex/auth.json", false],
])("a mount of %s is seen as it is: %#", (_, lines, path, expected) => {
  const text = `${lines.join("\n")}\n`;
  const files = withMadeUpFiles((name) => (name === "/proc/self/mountinfo" ? text : undefined));
  const realpathSync = ((given: string) => given) as unknown as typeof fs.realpathSync;
  expect(isMountPoint({ ...fs, ...files, realpathSync } as unknown as FileSystem, path)).toBe(expected);
});

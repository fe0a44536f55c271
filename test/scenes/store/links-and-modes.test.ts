import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { FileSystem } from "../../../src/machine/file-system.ts";
import { stageFile } from "../../../src/store/atomic-write.ts";
import { accountOf } from "../../support/store-changes.ts";
import {
  type Home,
  homeWith,
  liveLabel,
  makeHome,
  run,
  runProcess,
  seat,
  storeOf,
  writeAuth,
} from "../../support/store-home.ts";
import { pathsBelow } from "../../support/tree.ts";

/** Moves auth.json to another place and puts a link there. */
function linkAuth({ paths }: Home, target: string, link = target): void {
  fs.renameSync(paths.authFile, target);
  fs.symlinkSync(link, paths.authFile);
}

test("switch replaces what a symlinked auth.json points to, locks beside it, and keeps the link", async () => {
  const home = await homeWith(["a", "b"]);
  fs.mkdirSync(join(home.root, "vault"));
  const target = join(home.root, "vault", "login.json");
  linkAuth(home, target, "../vault/login.json");
  expect(await run(home, ["switch", "label-b"])).toMatchObject({ code: 0 });
  expect(fs.readlinkSync(home.paths.authFile)).toBe("../vault/login.json");
  expect(fs.lstatSync(target).isFile()).toBe(true);
  expect(liveLabel(home)).toBe("label-b");
  expect(fs.readdirSync(join(home.root, "vault")).sort()).toEqual(["login.json", "login.json.lock"]);
});

// Found here: the link was resolved against the name of the folder and not against the folder itself, so the login
// went to a place where neither Codex nor anybody else looked.
test("a relative link in a symlinked CODEX_HOME leads where the system says", async () => {
  const home = await homeWith(["a", "b"]);
  fs.mkdirSync(join(home.root, "real"));
  fs.renameSync(home.dir, join(home.root, "real", "home"));
  fs.symlinkSync(join(home.root, "real", "home"), home.dir);
  linkAuth(home, join(home.root, "real", "login.json"), "../login.json");
  expect(await run(home, ["switch", "label-b"])).toMatchObject({ code: 0, stderr: "" });
  expect(fs.readdirSync(join(home.root, "real")).sort()).toEqual(["home", "login.json", "login.json.lock"]);
  expect(pathsBelow(home.root).filter((path) => path === "login.json")).toEqual([]);
  expect(liveLabel(home)).toBe("label-b");
});

test("a dangling link is filled: its target is made", async () => {
  const home = await homeWith(["a", "b"]);
  const target = join(home.root, "later.json");
  fs.rmSync(home.paths.authFile);
  fs.symlinkSync("../later.json", home.paths.authFile);
  expect(await run(home, ["switch", "label-b"])).toMatchObject({ code: 0 });
  expect(fs.lstatSync(target).mode & 0o777).toBe(0o600);
  expect(fs.lstatSync(home.paths.authFile).isSymbolicLink()).toBe(true);
  expect(liveLabel(home)).toBe("label-b");
});

test("a link into a folder that does not exist is told, and nothing changes", async () => {
  const home = await homeWith(["a", "b"]);
  fs.rmSync(home.paths.authFile);
  fs.symlinkSync("/nonexistent/folder/auth.json", home.paths.authFile);
  const { code, stderr } = await run(home, ["switch", "label-b"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Cannot [^\n]*\/nonexistent\/folder[^\n]*\n[^\n]*Nothing was changed[^\n]*\n$/);
});

test.each(["000", "022", "077"])("under umask %s every file is 0600 and every folder 0700", async (umask) => {
  const home = makeHome();
  writeAuth(home, seat("a"));
  fs.writeFileSync(join(home.root, "b.json"), JSON.stringify(seat("b")), { mode: 0o600 });
  const through = ["sh", "-c", `umask ${umask}; exec "$@"`, "sh"];
  expect(await runProcess(home, ["import", join(home.root, "b.json")], { through })).toMatchObject({
    code: 0,
  });
  for (const account of ["b@example.com", "-"]) {
    expect(await runProcess(home, ["switch", account], { through })).toMatchObject({ code: 0, stderr: "" });
  }
  for (const path of pathsBelow(home.dir)) {
    const stat = fs.statSync(join(home.dir, path));
    expect([path, (stat.mode & 0o777).toString(8)]).toEqual([path, stat.isDirectory() ? "700" : "600"]);
  }
});

test("an auth.json that others could read is 0600 after a switch", async () => {
  const home = await homeWith(["a", "b"]);
  fs.chmodSync(home.paths.authFile, 0o644);
  expect(await run(home, ["switch", "label-b"])).toMatchObject({ code: 0 });
  expect(fs.statSync(home.paths.authFile).mode & 0o777).toBe(0o600);
});

test("nothing that others could read stands anywhere at any moment of a write", async () => {
  const home = await homeWith(["a", "b"]);
  const loose: string[] = [];
  const look = () => {
    for (const path of pathsBelow(home.dir)) {
      const mode = fs.lstatSync(join(home.dir, path)).mode & 0o077;
      if (mode !== 0) loose.push(path);
    }
  };
  const watched = new Proxy(fs, {
    get: (target, name) => {
      const real: unknown = Reflect.get(target, name);
      if (typeof real !== "function") return real;
      return (...args: unknown[]) => {
        const result: unknown = (real as (...all: unknown[]) => unknown)(...args);
        look();
        return result;
      };
    },
  });
  await storeOf(home, { fs: watched }).transaction("switch", (transaction) => {
    transaction.backUp();
    transaction.activate(accountOf(transaction, "label-b"));
  });
  expect(loose).toEqual([]);
});

test("a file or link planted at the name of a temporary is not followed, and nothing changes", () => {
  const home = makeHome();
  const target = join(home.dir, "pool.json");
  const victim = join(home.root, "victim");
  fs.writeFileSync(victim, "precious");
  fs.writeFileSync(target, "old");
  const planting = new Proxy(fs, {
    get: (real, name) =>
      name === "openSync"
        ? (path: string, flags: number, mode?: number) => {
            if (flags & fs.constants.O_CREAT) fs.symlinkSync(victim, path);
            return fs.openSync(path, flags, mode);
          }
        : (Reflect.get(real, name) as unknown),
  });
  expect(() => stageFile(planting as FileSystem, target, "new")).toThrow("something else has its name");
  expect(fs.readFileSync(victim, "utf8")).toBe("precious");
  expect(fs.readFileSync(target, "utf8")).toBe("old");
  expect(pathsBelow(home.dir)).toHaveLength(2);
});

test("temporaries have names that nobody can guess", () => {
  const home = makeHome();
  const names = Array.from({ length: 50 }, () => stageFile(fs, join(home.dir, "pool.json"), "x").temporary);
  expect(new Set(names).size).toBe(50);
  for (const name of names) expect(name).toMatch(/\/\.pool\.json\.[0-9a-f]{16}\.codex-auth-tmp$/);
});

// Found here: the sweep also took the temporary that the command of another home was about to rename, in a folder of
// logins that both link to, and that command failed. And it took the new tokens of a refresh that was writing its
// rescue file, which it does without the lock of the store.
test("the sweep takes our own temporaries only", async () => {
  const home = await homeWith(["a"]);
  fs.mkdirSync(join(home.root, "vault"));
  linkAuth(home, join(home.root, "vault", "mine.json"));
  const temporary = (path: string) => path.replace(/([^/]+)$/, ".$1.0123456789abcdef.codex-auth-tmp");
  const foreign = [
    temporary(join(home.root, "vault", "theirs.json")),
    temporary(join(home.paths.unsavedDir, "rescue-aaaaaaaaaaaa-0123456789abcdef.json")),
    ...[".auth-AbCdEf", ".mine.json.codex-auth-tmp", "mine.json.0123456789abcdef.codex-auth-tmp"].map(
      (name) => join(home.root, "vault", name),
    ),
  ];
  const ours = [
    join(home.root, "vault", "mine.json"),
    join(home.root, "vault", "auth.json.broken-20260101T000000000Z"),
    home.paths.configFile,
    home.paths.poolFile,
    join(home.paths.backupsDir, "pool-20260101T000000000Z-r1.json"),
    join(home.paths.displacedDir, "a.json"),
  ].map(temporary);
  for (const folder of [home.paths.backupsDir, home.paths.displacedDir, home.paths.unsavedDir])
    fs.mkdirSync(folder);
  for (const path of [...foreign, ...ours]) fs.writeFileSync(path, "");
  await storeOf(home).transaction("next", () => undefined);
  expect(ours.filter((path) => fs.existsSync(path))).toEqual([]);
  expect(foreign.filter((path) => !fs.existsSync(path))).toEqual([]);
});

import { type IgnoredKey, ignoredKeys, isTakenAs } from "../../codex/config/keys.ts";
import { formatPath, loginRestriction, type LoginSettings, readConfig } from "../../codex/config/toml.ts";
import { configString, type ConfigTree, configValue, isTable } from "../../codex/config/tree.ts";
import { configFaults } from "../../codex/config/values.ts";
import { chosenProvider, modelsInCache } from "../../codex/models.ts";
import {
  configLimit,
  linkTarget,
  namesIn,
  readTextIfPresent,
  readTextIfReadable,
} from "../../machine/file-system.ts";
import { presenceOf, resolveNamed } from "../../machine/path-kind.ts";
import { userHome } from "../../machine/paths.ts";
import { type Account, nameAmong } from "../../pool/account.ts";
import { placeProblem } from "../../store/place-problems.ts";
import { type DoctorCheck, configCheck, type FoundFault } from "../check.ts";
import type { Facts } from "../facts.ts";
import { placeFault } from "../place-finding.ts";
import type { PassedOver } from "../startup.ts";
import { commentOut, configTarget, placeOf, takeOut, takeOutOf, withoutSecret } from "./config-edit.ts";

/** Files of profiles, which Codex reads only when it is started with their name. */
const profileFile = /^(.+)\.config\.toml$/;

/** Nobody has more; a folder full of such names is something else. */
const limit = 50;

export const profileFileBroken: DoctorCheck = {
  id: "profile_file_broken",
  area: "config",
  severity: "warning",
  title: "the file of a profile cannot be read",
  look: (facts) =>
    namesIn(facts.ctx.fs, facts.paths.codexHome)
      .flatMap((name) => profileFile.exec(name)?.[1] ?? [])
      .slice(0, limit)
      .flatMap((profile) => lookAt(facts, profile)),
};

function lookAt(facts: Facts, profile: string): FoundFault[] {
  const { ctx, paths } = facts;
  const consequence = `Codex does not start with -p ${profile}`;
  const named = `${paths.codexHome}/${profile}.config.toml`;
  const place = { path: named, kind: "file", need: "read", effect: consequence, isSpare: true } as const;
  const problem = placeProblem(ctx.fs, place);
  if (problem) return [placeFault(facts, problem)];
  const path = linkTarget(ctx.fs, named);
  const text = readTextIfPresent(ctx.fs, path, configLimit) ?? "";
  const reading = readConfig(text);
  if (reading.kind === "broken") {
    const { line, column, message, excerpt } = reading;
    const evidence = excerpt.split("\n").map(withoutSecret);
    return [{ message: `${consequence}: ${path}:${line}:${column}: ${message}.`, evidence, command: null }];
  }
  const fault = faultIn(reading.tree);
  if (fault === null) return [];
  const message = `${consequence}: in ${path}, ${fault.problem}.`;
  return [{ message, command: takeOutOf(ctx.fs, { target: path, text }, fault.path) }];
}

function faultIn(tree: ConfigTree): { path: string[]; problem: string } | null {
  const [fault] = configFaults(tree);
  if (fault) {
    const { path, found, expected } = fault;
    return { path, problem: `${formatPath(path)} ${found}, where ${expected} belongs` };
  }
  if (configString(tree, ["profile"]) !== undefined)
    return { path: ["profile"], problem: "profile = … is no longer supported" };
  if (configString(tree, ["approval_policy"]) !== "untrusted") return null;
  return { path: ["approval_policy"], problem: 'approval_policy = "untrusted" is no longer supported' };
}

/** The installed Codex tells all keys that it does not know; without one, here are those that were certainly meant. */
export const keyIgnored = configCheck({
  id: "key_ignored",
  area: "config",
  severity: "warning",
  title: "config.toml has a key that Codex passes over",
  look: async (tree, facts) => {
    const known = ignoredKeys(tree);
    const told = (await facts.passedOver()) ?? [];
    const names = new Set(known.map(({ path }) => path.join(".")));
    return [
      ...known.map((ignored) => foundFaultOf(facts, ignored)),
      ...told.filter(({ key }) => !names.has(key)).map((each) => toldFault(facts, each)),
    ];
  },
});

function foundFaultOf(facts: Facts, ignored: IgnoredKey): FoundFault {
  return {
    message: messageOf(ignored),
    evidence: placeOf(facts, ignored.path),
    command: fixOf(facts, ignored),
    severity: ignored.isRetired ? "info" : "warning",
  };
}

/** Nothing is known of what it was meant for. */
function toldFault(facts: Facts, { key, file, line }: PassedOver): FoundFault {
  const isOwn = file === facts.paths.configFile;
  return {
    message: `Codex ignores ${key}, so what it says does not apply.`,
    evidence: [`${file}:${line}`],
    command: isOwn ? commentOut(facts.ctx.fs, configTarget(facts), { first: line, last: line }) : null,
  };
}

function messageOf({ path, instead, belongs, isRetired }: IgnoredKey): string {
  const name = formatPath(path);
  if (isRetired) {
    const successor = instead === null ? "" : ` It is called ${instead} now.`;
    return `Codex ignores ${name}, a key of older versions.${successor}`;
  }
  const meant = instead === null ? "" : ` Was ${instead} meant?`;
  const place = belongs === null ? "" : ` It belongs ${belongs}.`;
  return `Codex ignores ${name}, so what it says does not apply.${meant}${place}`;
}

function fixOf(facts: Facts, { path, instead, isRetired }: IgnoredKey): string | null {
  const takeAway = takeOut(facts, path);
  const key = path.at(-1) ?? "";
  if (isRetired || instead === null || !/^[\w-]+$/.test(key)) return takeAway;
  return isTakenAs(facts.config.tree ?? {}, path, instead)
    ? (takeAway?.replace("s/^/# /", `s/${key}/${instead}/`) ?? null)
    : takeAway;
}

/** Not mended: without its profile Codex might be allowed more than with it. */
export const legacyProfile = configCheck({
  id: "legacy_profile",
  area: "config",
  severity: "error",
  title: "config.toml has profiles of the old kind",
  look: (tree, facts) => {
    const profile = configString(tree, ["profile"]);
    return profile === undefined ? unusedTables(tree, facts) : [selector(profile, facts)];
  },
});

function selector(profile: string, facts: Facts): FoundFault {
  const name = JSON.stringify(profile);
  return {
    message: `Codex does not start: profile = ${name} is no longer supported. Move what [${formatPath(["profiles", profile])}] says into ${profile}.config.toml beside config.toml, and start with: codex -p ${profile}`,
    evidence: placeOf(facts, ["profile"]),
    command: takeOut(facts, ["profile"]),
  };
}

function unusedTables(tree: ConfigTree, facts: Facts): FoundFault[] {
  const profiles = configValue(tree, ["profiles"]);
  const names = isTable(profiles) ? Object.keys(profiles) : [];
  if (names.length === 0) return [];
  const tables = names.map((name) => `[${formatPath(["profiles", name])}]`).join(", ");
  return [
    {
      message: `Codex ignores ${tables}, and refuses to start with -p of that name. Profiles are files now: move each table into NAME.config.toml.`,
      evidence: names.flatMap((name) => placeOf(facts, ["profiles", name])),
      command: null,
      severity: "info",
    },
  ];
}

export const loginRestricted: DoctorCheck = {
  id: "login_restricted",
  area: "config",
  severity: "error",
  title: "config.toml forbids the login in auth.json",
  look: ({ config: { settings, faults }, live, snapshot }) => {
    // Codex does not start with a wrong value, so it deletes nothing either.
    if (faults.some(({ path }) => path[0]?.startsWith("forced_"))) return [];
    const restriction = live?.login && settings && loginRestriction(settings, live.login);
    if (!restriction) return [];
    const allowed = allowedAccounts(settings, snapshot?.pool.accounts ?? []);
    const names = allowed.map(nameAmong(snapshot?.pool.accounts ?? [])).join(", ");
    return [
      {
        message: `${restriction.isDeleting ? "The next codex exec would delete auth.json" : "Codex acts as if nobody were signed in"}: ${restriction.reason}.`,
        evidence: [
          allowed.length > 0 ? `allowed of the pool: ${names}` : "no account of the pool is allowed",
        ],
        command: allowed[0] ? `codex auth switch ${allowed[0].id}` : loginCommand(settings),
      },
    ];
  },
};

function loginCommand({ forcedLoginMethod, allowedMethods }: LoginSettings): string {
  const method = forcedLoginMethod ?? (allowedMethods?.length === 1 ? allowedMethods[0] : undefined);
  return method === "api" ? "codex auth login --with-api-key" : "codex auth login";
}

/** Those that could be used at once come first. */
function allowedAccounts(settings: LoginSettings, accounts: readonly Account[]): Account[] {
  const allowed = accounts.filter(({ login }) => loginRestriction(settings, login) === null);
  return [...allowed.filter(({ flag }) => !flag), ...allowed.filter(({ flag }) => flag)];
}

/** The server decides; the list that Codex fetched last is only a hint. */
export const modelUnknown = configCheck({
  id: "model_unknown",
  area: "config",
  severity: "warning",
  title: "model is none that Codex was offered",
  look: (tree, facts) => {
    const model = configString(tree, ["model"]);
    if (!model || chosenProvider(tree) !== "openai") return [];
    const text = readTextIfReadable(facts.ctx.fs, `${facts.paths.codexHome}/models_cache.json`) ?? "";
    // The list may be long, and nearly always the model is in it.
    if (text === "" || text.includes(JSON.stringify(model))) return [];
    const offered = modelsInCache(text);
    if (offered.length === 0) return [];
    return [
      {
        message: `${JSON.stringify(model)} is not in the list of models that Codex fetched last. Codex starts all the same, with guessed limits, and OpenAI may refuse every request. Without the key Codex takes its own default.`,
        evidence: [...placeOf(facts, ["model"]), `offered: ${offered.slice(0, 12).join(", ")}`],
        command: takeOut(facts, ["model"]),
      },
    ];
  },
});

/** Files that Codex reads at its start. */
const keys = ["model_instructions_file", "model_catalog_json", "experimental_compact_prompt_file"];

export const namedFileMissing = configCheck({
  id: "named_file_missing",
  area: "config",
  severity: "error",
  title: "config.toml names a file that is not there",
  look: (tree, facts) =>
    keys.flatMap((key) => {
      const written = configString(tree, [key]);
      if (written === undefined) return [];
      const path = resolveNamed(written, facts.paths.codexHome, userHome(facts.ctx.env));
      const presence = presenceOf(facts.ctx.fs, path);
      if (presence !== "missing" && presence !== "folder") return [];
      const what = presence === "missing" ? "does not exist" : "is a folder";
      return [
        {
          message: `Codex does not start: ${key} names ${path}, which ${what}.`,
          evidence: placeOf(facts, [key]),
          command: takeOut(facts, [key]),
        },
      ];
    }),
});

import { configFaults } from "../../codex/config-faults.ts";
import { formatPath, readConfig } from "../../codex/config-toml.ts";
import { configString, type ConfigTree } from "../../codex/config-tree.ts";
import { configLimit, linkTarget, namesIn, readTextIfPresent } from "../../store/files.ts";
import { placeProblem } from "../../store/place-problems.ts";
import type { Check, Sighting } from "../check.ts";
import { placeSighting } from "../place-sighting.ts";
import type { Scene } from "../scene.ts";
import { takeOutOf, withoutSecret } from "./config-text.ts";

/** Files of profiles, which Codex reads only when it is started with their name. */
const profileFile = /^(.+)\.config\.toml$/;

/** Nobody has more; a folder full of such names is something else. */
const limit = 50;

export const profileFileBroken: Check = {
  id: "profile_file_broken",
  area: "config",
  severity: "warning",
  title: "the file of a profile cannot be read",
  look: (scene) =>
    namesIn(scene.fx.fs, scene.paths.codexHome)
      .flatMap((name) => profileFile.exec(name)?.[1] ?? [])
      .slice(0, limit)
      .flatMap((profile) => lookAt(scene, profile)),
};

function lookAt(scene: Scene, profile: string): Sighting[] {
  const { fx, paths } = scene;
  const consequence = `Codex does not start with -p ${profile}`;
  const named = `${paths.codexHome}/${profile}.config.toml`;
  const place = { path: named, kind: "file", need: "read", effect: consequence, isSpare: true } as const;
  const problem = placeProblem(fx.fs, place);
  if (problem) return [placeSighting(scene, problem)];
  const path = linkTarget(fx.fs, named);
  const text = readTextIfPresent(fx.fs, path, configLimit) ?? "";
  const reading = readConfig(text);
  if (reading.kind === "broken") {
    const { line, column, message, excerpt } = reading;
    const evidence = excerpt.split("\n").map(withoutSecret);
    return [{ message: `${consequence}: ${path}:${line}:${column}: ${message}.`, evidence, fix: null }];
  }
  const fault = faultIn(reading.tree);
  if (fault === null) return [];
  const message = `${consequence}: in ${path}, ${fault.problem}.`;
  return [{ message, fix: takeOutOf(fx.fs, { target: path, text }, fault.path) }];
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

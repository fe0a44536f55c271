import { formatPath } from "../../codex/config-toml.ts";
import { editCheck, placeOf, takeOut } from "./config-text.ts";

/** One value is left, so there is nothing to choose; it stops Codex even where the provider is not used. */
export const wireApiRetired = editCheck({
  id: "wire_api_retired",
  area: "config",
  severity: "error",
  title: "a provider has a wire_api that Codex no longer speaks",
  look: (_, scene) =>
    scene.config.faults
      .filter(({ path }) => path.at(-1) === "wire_api")
      .map(({ path, found }) => ({
        message: `Codex does not start: ${formatPath(path)} ${found}, and it speaks only "responses". A provider that has no such interface cannot be used any more.`,
        evidence: placeOf(scene, path),
        fix: takeOut(scene, path),
        change: {
          message: `Set ${formatPath(path)} to "responses".`,
          edits: [{ path, value: "responses" }],
        },
      })),
});

import { fileCheck } from "../check.ts";
import { freeEnding } from "../move-aside.ts";
import { shellWord } from "../shell-word.ts";

export const authFileHardLinked = fileCheck({
  id: "auth_file_hard_linked",
  area: "credentials",
  severity: "error",
  title: "auth.json is a hard link",
  look: ({ isHardLinked, target }, { fx }) => {
    if (!isHardLinked) return [];
    const [file, copy] = [shellWord(target), shellWord(`${target}.${freeEnding(fx.fs, target, "copy")}`)];
    const message = `${target} is a hard link: Codex renews its token, but cannot save it.`;
    return [{ message, fix: `cp -p ${file} ${copy} && mv ${copy} ${file}` }];
  },
  mend: {
    describe: ({ live }) => `Make ${live?.target} a file of its own; its other names keep what they hold.`,
    apply: async ({ fx, paths }) => {
      const { makeOwnAuthFile } = await import("../../store/own-file.ts");
      await makeOwnAuthFile(fx.fs, paths, fx.sleep);
    },
  },
});

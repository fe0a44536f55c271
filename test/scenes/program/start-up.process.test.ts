import { expect, test } from "vitest";
import { homeWithThree } from "../../support/home.ts";

test.each(["lisst", "list", "list --json", "status", "__complete -- switch "])(
  "%s makes nothing of Intl, which takes as long as half a Node",
  async (line) => {
    const home = await homeWithThree();
    const spy = home.write(
      "spy.cjs",
      `Intl.Segmenter = class { constructor() { process._rawDebug("Segmenter"); } };`,
    );
    const { stderr } = await home.runProcess(line.split(" "), {
      env: { NODE_OPTIONS: `--require ${spy}` },
    });
    expect(stderr).not.toContain("Segmenter");
  },
);

/** Node's own modules that cost a short command more than its work. */
const heavy = ["child_process", "crypto", "http", "https", "net", "stream", "tls"];

test.each(["--version", "list", "list --json", "status", "statusline", "__complete -- switch "])(
  "%s loads none of Node's network and process code",
  async (line) => {
    const home = await homeWithThree();
    const spy = home.write(
      "spy.cjs",
      `const heavy = ${JSON.stringify(heavy)};
       process.on("exit", () => {
         const loaded = new Set(process.moduleLoadList.map((each) => each.replace("NativeModule ", "")));
         process._rawDebug("loaded: " + heavy.filter((name) => loaded.has(name)).join(" ") + ".");
       });`,
    );
    const { code, stderr } = await home.runProcess(line.split(" "), {
      env: { NODE_OPTIONS: `--require ${spy}` },
    });
    expect([code, stderr]).toEqual([0, "loaded: .\n"]);
  },
);

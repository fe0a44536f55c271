// Runs commands of the built program one after another in one process: a start of Node for each would take most of
// the time. Told by messages { argv, env, cwd }; answers { code, stdout, stderr }.
const fs = require("node:fs");
const { createRequire } = require("node:module");
const { dirname } = require("node:path");
const { Script } = require("node:vm");

const file = process.argv[2];
const text = fs.readFileSync(file, "utf8");
const script = new Script(`(function (exports, require, module, __filename, __dirname) {${text}\n})`, {
  filename: file,
});
const { writeSync } = fs;
const said = { 1: "", 2: "" };

fs.writeSync = (fd, bytes, ...rest) => {
  if (fd !== 1 && fd !== 2) return writeSync(fd, bytes, ...rest);
  const taken = Buffer.from(bytes).subarray(typeof rest[0] === "number" ? rest[0] : 0);
  said[fd] += taken.toString();
  return taken.length;
};

process.on("message", async ({ argv, env, cwd, uid }) => {
  said[1] = said[2] = "";
  if (uid !== undefined && process.getuid() !== uid) {
    process.setgroups([]);
    process.setgid(uid);
    process.setuid(uid);
  }
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  process.chdir(cwd);
  process.argv = [process.execPath, file, ...argv];
  process.exitCode = undefined;
  const program = { exports: { finished: Promise.resolve(false) } };
  script.runInThisContext()(program.exports, createRequire(file), program, file, dirname(file));
  await program.exports.finished;
  const peakMb = process.resourceUsage().maxRSS / 1024;
  process.send({ code: process.exitCode ?? 0, stdout: said[1], stderr: said[2], peakMb });
});

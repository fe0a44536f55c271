import { expect, test } from "vitest";
import { headlessReason } from "../../../src/auth/sign-in/browser.ts";

const display = { DISPLAY: ":0" };

test.each<[string, Record<string, string>, string, boolean, string | null]>([
  ["a desktop", display, "linux", false, null],
  ["Wayland", { WAYLAND_DISPLAY: "wayland-0" }, "linux", false, null],
  ["a Mac", {}, "darwin", false, null],
  ["WSL, where Windows has the browser", { WSL_DISTRO_NAME: "Debian" }, "linux", false, null],
  ["CI=false", { ...display, CI: "false" }, "linux", false, null],
  ["no display", {}, "linux", false, "this machine has no display"],
  ["SSH with X11", { ...display, SSH_CONNECTION: "a 1 b 22" }, "linux", false, "this is an SSH session"],
  ["SSH on a Mac", { SSH_TTY: "/dev/ttys001" }, "darwin", false, "this is an SSH session"],
  ["CI", { ...display, CI: "true" }, "linux", false, "this is a CI job"],
  ["a container", display, "linux", true, "this is a container"],
])("%s", (_, env, platform, isInContainer, reason) => {
  expect(headlessReason({ env, platform, isInContainer })).toBe(reason);
});

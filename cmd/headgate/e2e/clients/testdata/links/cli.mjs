// What the scripts for command-line agents share. Each agent has a home of its own, which
// is empty, and a time in which to end.
import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check } from "./play.mjs";

export const home = mkdtempSync(join(tmpdir(), "agent"));

// cli returns a function that runs a program and returns its exit code and what it said.
// What it says and logs is given to heard, with a function that interrupts it as Ctrl-C does.
export const cli = (binary, env) => (args, { input = "", heard = () => {} } = {}) =>
  new Promise((done, fail) => {
    const child = spawn(binary, args, { cwd: home, env: { HOME: home, PATH: process.env.PATH, TERM: "dumb", ...env }, timeout: 50_000, killSignal: "SIGKILL" });
    let stdout = "";
    let stderr = "";
    const interrupt = () => child.kill("SIGINT");
    child.stdout.on("data", (data) => heard((stdout += data), interrupt));
    child.stderr.on("data", (data) => heard((stderr += data), interrupt));
    child.on("error", fail);
    child.on("close", (code, signal) => (signal === "SIGKILL" ? fail(new Error(`it did not end: ${stdout.slice(-400)}`)) : done({ code, stdout, stderr })));
    child.stdin.on("error", () => {}); // it may end without reading
    child.stdin.end(input);
  });

// lines are the objects that were said, one in a line.
export const lines = (text) => text.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));

// succeeded returns what a program said that ended well.
export async function succeeded(running) {
  const { code, stdout, stderr } = await running;
  check(code === 0, `exit code ${code}: ${(stderr + stdout).slice(-600)}`);
  return stdout;
}

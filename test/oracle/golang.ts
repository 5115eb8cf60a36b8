import { spawnSync } from "node:child_process";

/** Sees to it that there is a Go; says so before it installs one, and fails when it cannot. */
export function ensureGo(): void {
  if (spawnSync("go", ["version"]).status === 0) return;
  console.log("Go is missing: installing Debian's golang-go (about 200 MB) with apt-get");
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", "golang-go"]]) {
    const { status } = spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"] });
    if (status !== 0) throw new Error(`apt-get ${args.join(" ")} ended with ${String(status)}; it has to run as root`);
  }
}

import { advice, fault, fine, type Finding, isAtLeast, type Obstacle } from "./finding.js";

/** A Docker engine as it has answered a user. */
export interface EngineFacts {
  readonly url: string;
  readonly user: string;
  readonly answer: { readonly kind: "docker" | "podman"; readonly version: string } | Obstacle;
}

/** The oldest engines that HECD is tried with. */
const OLDEST = { docker: [20, 10], podman: [4, 3] } as const;

/** Whether an agent can follow an engine. */
export function judgeEngine({ url, user, answer }: EngineFacts): Finding {
  const about = `engine ${url}`;
  if ("problem" in answer) {
    if (!answer.isDenied) return fault(about, answer.problem, "systemctl enable --now docker");
    const says = `${user} may not use it: ${answer.problem}`;
    return fault(about, says, `SupplementaryGroups=docker in the unit, or for a person: usermod -aG docker ${user}`);
  }
  const { kind, version } = answer;
  const name = kind === "docker" ? "Docker" : "Podman";
  const [major, minor] = OLDEST[kind];
  return isAtLeast(version, major, minor)
    ? fine(about, `${name} ${version} answers ${user}`)
    : advice(about, `${name} ${version} answers; the oldest that HECD is tried with is ${major}.${minor}`);
}

/** A member of etcd as it has answered. */
export interface MemberFacts {
  readonly endpoint: string;
  readonly answer:
    | {
        readonly version: string;
        /** How far its clock is ahead of ours, in milliseconds, to about a second; undefined where it shows none. */
        readonly aheadMs: number | undefined;
      }
    | { readonly problem: string };
}

/** From here on the times that two machines log cannot be laid side by side. */
const SKEW_MS = 3_000;

/** Whether a member of etcd can be used, and whether its clock and ours agree. */
export function judgeMember({ endpoint, answer }: MemberFacts): readonly Finding[] {
  const about = `etcd ${endpoint}`;
  if ("problem" in answer) return [fault(about, answer.problem, `etcd = ["http://HOST:2379"] in /etc/hecd/hecd.toml`)];
  const { version, aheadMs } = answer;
  const found = isAtLeast(version, 3, 4)
    ? fine(about, `etcd ${version} answers`)
    : advice(about, `etcd ${version} answers; the oldest that HECD is tried with is 3.4`);
  return aheadMs === undefined ? [found] : [found, judgeClock(endpoint, aheadMs)];
}

function judgeClock(endpoint: string, aheadMs: number): Finding {
  const about = `clock against ${endpoint}`;
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  if (Math.abs(aheadMs) < SKEW_MS) return fine(about, "they agree within 3 s");
  const says = `ours is ${seconds} s ${aheadMs > 0 ? "behind" : "ahead"}: leases do not mind, but times in logs and certificates do`;
  return advice(about, says, "timedatectl set-ntp true");
}

/** A folder in which a user has to write, and whether he may. */
export interface FolderFacts {
  readonly path: string;
  readonly user: string;
  /** Undefined when he may. */
  readonly obstacle: Obstacle | undefined;
  /** Folders that the unit of the service may write in; undefined where no unit says so. */
  readonly writable: readonly string[] | undefined;
}

/** Whether a service can replace a file in a folder, by the rights of its user and by those of its unit. */
export function judgeFolder({ path, user, obstacle, writable }: FolderFacts): Finding {
  const about = `folder ${path}`;
  if (obstacle && !obstacle.isDenied) return fault(about, obstacle.problem, `mkdir -p ${path}`);
  if (obstacle) return fault(about, `${user} may not write there`, `chgrp ${user} ${path} && chmod g+w ${path}`);
  const isOpen = writable?.some((folder) => path === folder || path.startsWith(`${folder.replace(/\/$/, "")}/`));
  if (isOpen === false) return fault(about, "the unit shuts it off", `ReadWritePaths=${path}`);
  return fine(about, `${user} may write there`);
}

/** What answers at the status address of a daemon. */
export interface StatusFacts {
  readonly daemon: "agent" | "renderer";
  readonly address: string;
  readonly answer:
    | { readonly kind: "ours"; readonly waitingFor: readonly string[] }
    | { readonly kind: "nobody" }
    | { readonly kind: "another"; readonly problem: string };
}

/** Whether a daemon runs and is ready; one that does not run yet only needs its port free. */
export function judgeStatus({ daemon, address, answer }: StatusFacts): Finding {
  const about = `${daemon} ${address}`;
  switch (answer.kind) {
    case "nobody":
      return advice(about, "it does not run, and nobody else has the port", `systemctl enable --now ${unitOf(daemon)}`);
    case "another":
      return fault(about, `another program has the port (${answer.problem})`, `listen = "127.0.0.1:PORT"`);
    case "ours":
      return answer.waitingFor.length === 0
        ? fine(about, "it runs and is ready")
        : advice(about, `it runs, and waits for ${answer.waitingFor.join(", ")}`);
  }
}

/** The unit of a daemon. */
export function unitOf(daemon: "agent" | "renderer"): string {
  return daemon === "agent" ? "hecd-agent" : "hecd-render";
}

import { advice, fault, fine, type Finding, isAtLeast, type Obstacle } from "./finding.js";

/** An HAProxy binary, by what it says of itself. */
export type BinaryFacts = { readonly binary: string } & (
  { readonly version: string; readonly hasLua: boolean } | { readonly problem: string }
);

/** Whether there is an HAProxy that can judge configurations, and what it lacks. */
export function judgeBinary(facts: BinaryFacts): Finding {
  const about = `program ${facts.binary}`;
  if ("problem" in facts) return fault(about, facts.problem, "apt-get install haproxy");
  const { version, hasLua } = facts;
  if (!isAtLeast(version, 2, 6)) return advice(about, `HAProxy ${version}; the oldest that HECD is tried with is 2.6`);
  if (!hasLua) return advice(about, `HAProxy ${version} without Lua: requests cannot be held (HECD_HOLD)`);
  return fine(about, `HAProxy ${version} with Lua`);
}

/** A socket of HAProxy, and what came of a question at it. */
export interface SocketFacts {
  readonly path: string;
  readonly user: string;
  /** Undefined where nobody listens there. */
  readonly answer: string | undefined | Obstacle;
}

/** Whether servers can be changed through HAProxy's runtime API; asked was `show cli level`. */
export function judgeRuntimeSocket({ path, user, answer }: SocketFacts): Finding {
  const about = `HAProxy's socket ${path}`;
  const line = `stats socket ${path} mode 660 level admin`;
  if (answer === undefined) return fault(about, "nobody listens there: every change would be a reload", line);
  if (typeof answer !== "string") {
    return fault(about, `${user} may not use it: ${answer.problem}`, `${line} group haproxy`);
  }
  const level = answer.trim();
  return level === "admin"
    ? fine(about, `it answers ${user} with all rights`)
    : fault(about, `it gives no more than the rights of "${level}"`, line);
}

/** How the master socket of an HAProxy is opened to the renderer, for Debian's unit. */
function masterLine(path: string): string {
  return `Environment="EXTRAOPTS=-S ${path},mode,660,group,hecd-render" in /etc/systemd/system/haproxy.service.d/hecd.conf`;
}

/** Whether HAProxy can be reloaded with proof through its master; asked was `show proc`. */
export function judgeMaster({ path, user, answer }: SocketFacts, runsAsMaster: boolean | undefined): Finding {
  const about = `HAProxy's master ${path}`;
  if (answer === undefined) {
    if (runsAsMaster === false) return fault(about, "HAProxy runs without -W: it has no master", "haproxy -W");
    const says = runsAsMaster === undefined ? "no HAProxy runs" : "HAProxy's master does not listen there";
    return fault(about, says, runsAsMaster === undefined ? "systemctl enable --now haproxy" : masterLine(path));
  }
  if (typeof answer !== "string") return fault(about, `${user} may not use it: ${answer.problem}`, masterLine(path));
  return /^\d+\s+master\s/m.test(answer)
    ? fine(about, `it answers ${user}`)
    : fault(about, "what answers there is no master", masterLine(path));
}

/** Another way of reloading than through the master: it works, and proves less. */
export function judgeOtherReload(resource: string, how: string): Finding {
  return advice(
    `reload of ${resource}`,
    `it goes by ${how}, which proves less than HAProxy's master socket and may need more rights`,
    `reload = "master:/run/haproxy-master.sock"`,
  );
}

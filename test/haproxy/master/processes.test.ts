import { describe, expect, test } from "vitest";
import { parseProcesses, type Processes, reloadBetween } from "../../../src/haproxy/master/processes.js";

const FRESH = `#<PID>          <type>          <reloads>       <uptime>        <version>      
16483           master          2 [failed: 0]   0d00h00m03s     2.6.12-1+deb12u4
# workers
16556           worker          0               0d00h00m00s     2.6.12-1+deb12u4
# old workers
16527           worker          1               0d00h00m01s     2.6.12-1+deb12u4
# programs

`;

function processes(reloads: number, failed: number, workerReloads: number, pid = 1): Processes {
  return {
    version: "",
    master: { pid, reloads, failed },
    workers: [{ pid: 2, reloads: workerReloads }],
    oldWorkers: [],
  };
}

describe("the processes of a master", () => {
  test("are read as HAProxy 2.6 prints them", () => {
    expect(parseProcesses(FRESH)).toEqual({
      version: "2.6.12-1+deb12u4",
      master: { pid: 16483, reloads: 2, failed: 0 },
      workers: [{ pid: 16556, reloads: 0 }],
      oldWorkers: [{ pid: 16527, reloads: 1 }],
    });
  });

  test("are read where a version counts no failures", () => {
    const answer = "# header\n5 master 7 0d00h 2.4.0\n# workers\n6 worker 0 0d00h 2.4.0\n";
    expect(parseProcesses(answer)?.master).toEqual({ pid: 5, reloads: 7, failed: 0 });
  });

  test("are not found in any other answer", () => {
    expect(parseProcesses("")).toBeUndefined();
    expect(parseProcesses("Permission denied\n")).toBeUndefined();
    expect(parseProcesses(FRESH.replace("master", "muster"))).toBeUndefined();
  });
});

describe("a reload between two looks", () => {
  test("is pending while the count stands still", () => {
    expect(reloadBetween(processes(3, 0, 0), processes(3, 0, 0))).toBe("pending");
    expect(reloadBetween(processes(3, 1, 1), processes(3, 1, 1))).toBe("pending");
  });

  test("has succeeded when it brought a new worker and the last load did not fail", () => {
    expect(reloadBetween(processes(3, 1, 2), processes(4, 0, 0))).toBe("succeeded");
  });

  test("has failed when the load failed, or when there is no new worker", () => {
    expect(reloadBetween(processes(3, 0, 0), processes(4, 1, 1))).toBe("failed");
    expect(reloadBetween(processes(3, 0, 0), processes(4, 0, 1))).toBe("failed");
    expect(reloadBetween(processes(3, 0, 0), { ...processes(4, 0, 0), workers: [] })).toBe("failed");
  });

  test("has succeeded when the master was restarted meanwhile, whose count begins anew", () => {
    expect(reloadBetween(processes(9, 0, 0, 1), processes(0, 0, 0, 7))).toBe("succeeded");
  });
});

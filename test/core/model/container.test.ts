import { describe, expect, test } from "vitest";
import { keepHealth } from "../../../src/core/model/container.js";
import { container } from "../../support/containers.js";

describe("the health of a container", () => {
  const healthy = container("web1", { health: "healthy" });
  const starting = container("web1", { health: "starting" });

  test("survives an engine that begins to probe anew", () => {
    expect(keepHealth(healthy, starting).health).toBe("healthy");
  });

  test("is Docker's word in every other case", () => {
    expect(keepHealth(undefined, starting).health).toBe("starting");
    expect(keepHealth(healthy, { ...starting, startedAt: "2026-02-02T00:00:00Z" }).health).toBe("starting");
    expect(keepHealth(healthy, { ...healthy, health: "unhealthy" }).health).toBe("unhealthy");
    expect(keepHealth({ ...healthy, health: "unhealthy" }, starting).health).toBe("starting");
    expect(keepHealth({ ...healthy, status: "exited" }, starting).health).toBe("starting");
  });
});

import type { IncomingMessage, ServerResponse } from "node:http";
import { wallTime } from "../../flow/clock.js";
import type { Status } from "./status.js";

/**
 * Answers `/health`, `/ready` and `/ready/detailed` in the words of abtreece's confd; others are somebody else's, for whom it
 * resolves to false. It is healthy when the daemon does its work, which takes a backend that answers.
 */
export function confdAnswers(status: () => Status, backend: string) {
  return {
    async take({ method, url = "" }: IncomingMessage, response: ServerResponse): Promise<boolean> {
      const path = url.split("?")[0];
      if (
        (method !== "GET" && method !== "HEAD") ||
        (path !== "/health" && path !== "/ready" && path !== "/ready/detailed")
      )
        return false;
      const { waitingFor } = status();
      const isHealthy = path === "/health" || waitingFor.length === 0;
      const reason = `waiting for ${waitingFor.join(", ")}`;
      const isDetailed = path === "/ready/detailed";
      response.writeHead(isHealthy ? 200 : 503, {
        "content-type": isDetailed ? "application/json" : "text/plain; charset=utf-8",
        "cache-control": "no-store",
      });
      const details = { backend, ...(isHealthy ? {} : { error: reason }) };
      const message = isHealthy ? `${backend} backend is healthy` : reason;
      const told = { healthy: isHealthy, message, duration_ms: 0, details, checked_at: wallTime().toISOString() };
      response.end(isDetailed ? `${JSON.stringify(told)}\n` : isHealthy ? "ok" : `backend unhealthy: ${reason}`);
      return true;
    },
  };
}

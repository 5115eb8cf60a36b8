import { describe, expect, test } from "vitest";
import { parseReloadReply } from "../../../src/haproxy/master/reload-reply.js";

describe("the answer to a reload", () => {
  test("is silence before HAProxy 2.7", () => {
    expect(parseReloadReply("")).toEqual({ kind: "silent" });
    expect(parseReloadReply("\n")).toEqual({ kind: "silent" });
  });

  test("tells success by its first line", () => {
    expect(parseReloadReply("Success=1\n--\n[NOTICE] (1) : Loading success.\n\n")).toEqual({ kind: "succeeded" });
  });

  test("tells a failure with the log of the start", () => {
    expect(parseReloadReply("Success=0\n--\n[ALERT] (1) : no\n[ALERT] (1) : really\n\n")).toEqual({
      kind: "failed",
      output: "[ALERT] (1) : no\n[ALERT] (1) : really",
    });
  });

  test("is no failure while HAProxy 3.1 and later are busy with another one", () => {
    expect(parseReloadReply("Success=0\n--\nAnother reload is still in progress.\n\n")).toEqual({ kind: "busy" });
  });

  test("is a refusal when it is anything else", () => {
    expect(parseReloadReply("Permission denied\n\n")).toEqual({ kind: "failed", output: "Permission denied" });
  });
});

import { describe, expect, test } from "vitest";
import {
  adviceOnAuthority,
  complaintsOf,
  occupiedAddressOf,
  quoteLines,
  reasonsOf,
} from "../../../src/haproxy/config/alerts.js";

const REFUSED = `[NOTICE]   (19509) : haproxy version is 2.6.12-1+deb12u4
[NOTICE]   (19509) : path to executable is /usr/sbin/haproxy
[WARNING]  (19509) : config : frontend 'x' has no timeout.
   | While not properly invalid, you will certainly encounter various problems
[ALERT]    (19509) : config : parsing [/etc/.h.cfg.hecd-1:2] : 'bind' : invalid port '99999'
[ALERT]    (19509) : config : parsing [/etc/.h.cfg.hecd-1:3] : unknown keyword 'foo' in 'frontend' section
[ALERT]    (19509) : config : Error(s) found in configuration file : /etc/.h.cfg.hecd-1
[ALERT]    (19509) : config : Fatal errors found in configuration.
`;

describe("HAProxy's complaints", () => {
  test("are the alerts without their noise", () => {
    expect(complaintsOf(REFUSED, "ALERT")).toBe(
      "parsing [/etc/.h.cfg.hecd-1:2] : 'bind' : invalid port '99999'\n" +
        "parsing [/etc/.h.cfg.hecd-1:3] : unknown keyword 'foo' in 'frontend' section",
    );
  });

  test("keep the lines that belong to them", () => {
    expect(complaintsOf(REFUSED, "WARNING")).toBe(
      "frontend 'x' has no timeout.\n   | While not properly invalid, you will certainly encounter various problems",
    );
  });

  test("are none where there are none", () => {
    expect(complaintsOf("Configuration file is valid\n", "ALERT")).toBe("");
  });

  test("are warnings where a file is refused for those alone", () => {
    const said = `[NOTICE]   (7) : haproxy version is 3.2.26-1
[WARNING]  (7) : config : parsing [a.cfg:9]: The 'program' section is deprecated
[ALERT]    (7) : config : Error(s) found in configuration file : a.cfg
`;
    expect(reasonsOf(said)).toBe("parsing [a.cfg:9]: The 'program' section is deprecated");
    expect(reasonsOf(REFUSED)).toBe(complaintsOf(REFUSED, "ALERT"));
  });

  test("are told with the file's own name and the lines they speak of", () => {
    const file = { path: "/etc/.h.cfg.hecd-1", name: "h.cfg", text: "frontend x\n  bind :99999\n  foo\n" };
    expect(quoteLines(complaintsOf(REFUSED, "ALERT"), file)).toBe(
      "parsing [h.cfg:2] : 'bind' : invalid port '99999'\n  2 | bind :99999\n" +
        "parsing [h.cfg:3] : unknown keyword 'foo' in 'frontend' section\n  3 | foo",
    );
  });

  test("are told as they are when they speak of a line that is not there", () => {
    const file = { path: "/x", name: "h.cfg", text: "" };
    expect(quoteLines("parsing [/x:9] : no\nproxy 'a' : [/x]", file)).toBe(
      "parsing [h.cfg:9] : no\nproxy 'a' : [h.cfg]",
    );
  });
});

describe("an occupied address", () => {
  test("is found in what HAProxy says of it", () => {
    const said =
      "[ALERT]    (1) : Binding [a.cfg:9] for frontend f: cannot bind socket (Address already in use) for [127.0.0.1:18439]";
    expect(occupiedAddressOf(said)).toBe("127.0.0.1:18439");
  });

  test("is not what another fault speaks of", () => {
    expect(occupiedAddressOf("cannot bind socket (Permission denied) for [0.0.0.0:80]")).toBeUndefined();
    expect(occupiedAddressOf(REFUSED)).toBeUndefined();
  });
});

describe("what to do about an HAProxy that is too old to ask an authority", () => {
  test.each([
    "parsing [h.cfg:6] : unknown keyword 'acme' in 'global' section",
    "parsing [h.cfg:13] : 'load acme' in section 'crt-store': unknown keyword 'acme'.",
    "parsing [h.cfg:29] : cannot open the file '/certs/a.pem'.\n  29 | load crt /certs/a.pem acme le domains a.test\n '/certs/a.pem' cannot be read or parsed.",
  ])("is said beside %s", (complaint) => {
    expect(adviceOnAuthority(complaint)).toContain("HECD_ACME_SERVER");
  });

  test("is said beside nothing else", () => {
    expect(adviceOnAuthority("parsing [h.cfg:6] : unknown keyword 'acmes' in 'global' section")).toBeUndefined();
    expect(
      adviceOnAuthority("cannot open the file '/certs/a.pem'.\n  29 | bind :443 ssl crt /certs/a.pem"),
    ).toBeUndefined();
  });
});

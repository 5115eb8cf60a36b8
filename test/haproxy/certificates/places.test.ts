import { expect, test } from "vitest";
import { certificatePlaces } from "../../../src/haproxy/certificates/places.js";

test("the places of certificates are those that binds name, below the base where they are relative", () => {
  const text = [
    "global",
    "  crt-base /etc/certs",
    "frontend f",
    "  bind :443 ssl crt /srv/certs alpn h2 crt own.pem",
    '  bind :444 ssl crt "/srv/certs" # crt /none',
    '  bind :445 ssl crt "$CERTS"',
    "  bind :446 ssl crt-list /list.txt",
    "backend b",
    "  server s 10.0.0.1:443 ssl crt /client.pem",
  ].join("\n");
  expect(certificatePlaces(text)).toEqual(["/srv/certs", "/etc/certs/own.pem"]);
  expect(certificatePlaces("frontend f\n  bind :443 ssl crt own.pem\n")).toEqual([]);
});

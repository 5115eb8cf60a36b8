import { expect, test } from "vitest";
import { hasListener } from "../../../src/core/host/listeners.js";

const HEADING = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";

/** A table with one socket, as the kernel writes it. */
function table(local: string, state = "0A"): string {
  const rest = "00000000:00000000 00:00000000 00000000     0        0 1234 1 0000000000000000 100 0 0 10 0";
  return `${HEADING}\n   0: ${local} 00000000:0000 ${state} ${rest}\n`;
}

test.each([
  ["all addresses", "00000000:1F90"],
  ["one address", "0200580A:1F90"],
  ["all addresses of IPv6", "00000000000000000000000000000000:1F90"],
  ["one address of IPv6", "000080FE00000000FF005450BA9A00FE:1F90"],
])("whoever listens on %s is found by the port", (_, local) => {
  expect(hasListener(table(local), 8080)).toBe(true);
  expect(hasListener(table(local), 8081)).toBe(false);
});

test.each([
  ["is on loopback", "0100007F:1F90", "0A"],
  ["is on another address of loopback", "0101007F:1F90", "0A"],
  ["is on loopback of IPv6", "00000000000000000000000001000000:1F90", "0A"],
  ["is on loopback of IPv4 in IPv6", "0000000000000000FFFF00000100007F:1F90", "0A"],
  ["is a connection", "0200580A:1F90", "01"],
])("a socket that %s is none that others reach", (_, local, state) => {
  expect(hasListener(table(local, state), 8080)).toBe(false);
});

test("nobody listens where there is no table", () => {
  expect(hasListener("", 8080)).toBe(false);
  expect(hasListener(HEADING, 8080)).toBe(false);
});

import { z } from "zod";

/** The highest port there is. */
export const MOST_PORT = 65_535;

const ipv4 = z.ipv4();
const ipv6 = z.ipv6();

/** `ip:port`, with an IPv6 address in brackets. */
export function formatAddress(ip: string, port: number): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** Reads `ip:port` strictly; undefined for anything HAProxy might understand as more than one address. */
export function parseAddress(text: string): { readonly ip: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([1-9][0-9]{0,4})$/.exec(text);
  const ip = match?.[1] ?? match?.[2];
  const number = Number(match?.[3]);
  if (ip === undefined || number > MOST_PORT) return undefined;
  const family = match?.[1] === undefined ? ipv4 : ipv6;
  return family.safeParse(ip).success ? { ip, port: number } : undefined;
}

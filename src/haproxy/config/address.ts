/** Whether this is an IP address rather than a name. */
export function isAddress(host: string): boolean {
  return isIpv4(host) || canonicalIpv6(host) !== undefined;
}

/** The one way to write an address, so that two ways of writing can be compared; other text stays as it is. */
export function canonicalAddress(host: string): string {
  return canonicalIpv6(host) ?? host;
}

function isIpv4(host: string): boolean {
  const parts = host.split(".");
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
}

function canonicalIpv6(host: string): string | undefined {
  if (!/^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/.test(host) || !URL.canParse(`http://[${host}]/`)) return undefined;
  return new URL(`http://[${host}]/`).hostname.slice(1, -1);
}

/** Whether this is a socket of the machine itself: no container and no key is behind it, but HAProxy or a program beside it. */
export function isSocket(address: string): boolean {
  return /^(?:(?:unix|abnsz?)@|\/)/.test(address);
}

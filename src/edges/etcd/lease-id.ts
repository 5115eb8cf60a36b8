/** etcd's way to say that a key hangs on no lease. */
export const NO_LEASE = "0";

/** The form of a lease's number in etcd's own tools. */
export function formatLease(id: string): string {
  return BigInt(id).toString(16);
}

/** Forms the names of leases, of which thousands of keys have few; undefined for a key that hangs on none. */
export function leaseNames(): (lease: string) => string | undefined {
  const names = new Map<string, string>();
  return (lease) => {
    if (lease === NO_LEASE) return undefined;
    const name = names.get(lease) ?? formatLease(lease);
    names.set(lease, name);
    return name;
  };
}

const LISTENS = "0A";

/** How the kernel writes what is on loopback: in words of the machine's own byte order, which is taken for that of x86 and ARM. */
const LOOPBACK = /^(?:[0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F)$/;

/**
 * Whether `/proc/PID/net/tcp` or `tcp6` has somebody who listens on a port, on more than loopback; lines that are none,
 * the heading among them, are passed over.
 */
export function hasListener(table: string, port: number): boolean {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return table.split("\n").some((line) => {
    const [, local = "", , state] = line.trim().split(/\s+/);
    const [address = "", at] = local.split(":");
    return state === LISTENS && at === wanted && !LOOPBACK.test(address);
  });
}

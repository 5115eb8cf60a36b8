let planted = 0;

/** A secret that is nowhere else on the machine; all of them match `PLANTED`. */
export function plant(): string {
  return `pl4nted-${process.pid}-${++planted}-s3cret`;
}

/** What every planted secret begins with. */
export const PLANTED = /pl4nted-/;

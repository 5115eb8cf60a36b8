/** The etcd that all tests start; `HECD_TEST_ETCD` names another one than the system's. */
export const ETCD = process.env["HECD_TEST_ETCD"] ?? "etcd";

/** Its client; `HECD_TEST_ETCDCTL` names another one than the system's. */
export const ETCDCTL = process.env["HECD_TEST_ETCDCTL"] ?? "etcdctl";

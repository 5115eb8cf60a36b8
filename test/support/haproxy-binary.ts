/** The HAProxy that all tests start and judge with; `HECD_TEST_HAPROXY` names another one than the system's. */
export const HAPROXY = process.env["HECD_TEST_HAPROXY"] ?? "haproxy";

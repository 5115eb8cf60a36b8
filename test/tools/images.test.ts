import { describe, expect, test } from "vitest";
import { librariesIn, printsIn } from "../../tools/machine/images.mjs";

describe("the images that an engine has", () => {
  test("are known by each of their names, as often as they have one", () => {
    const lines = '["hecd-test/noise:latest","hecd-test/web:latest"] 0a1b\n["hecd-test/node:latest"] 2c3d\n';
    expect(printsIn(lines)).toEqual(
      new Map([
        ["hecd-test/noise:latest", "0a1b"],
        ["hecd-test/web:latest", "0a1b"],
        ["hecd-test/node:latest", "2c3d"],
      ]),
    );
  });

  test("are known without the registry that Podman writes before their names", () => {
    expect(printsIn('["docker.io/hecd-test/web:latest"] 0a1b\n["localhost/hecd-test/node:latest"] 2c3d\n')).toEqual(
      new Map([
        ["hecd-test/web:latest", "0a1b"],
        ["hecd-test/node:latest", "2c3d"],
      ]),
    );
  });

  test.each(['["hecd-test/web:latest"] ', '["hecd-test/web:latest"] <no value>', "[] 0a1b", ""])(
    "have no fingerprint of ours in %j",
    (line) => {
      expect(printsIn(line)).toEqual(new Map());
    },
  );
});

describe("the libraries of a program", () => {
  test("are those that have a place, and its loader", () => {
    const said = `\tlinux-vdso.so.1 (0x00007f5e1fbd5000)
\tlibdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007f5e1fbbe000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f5e1fbd7000)
`;
    expect(librariesIn(said, "/usr/bin/node")).toEqual([
      "/lib/x86_64-linux-gnu/libdl.so.2",
      "/lib64/ld-linux-x86-64.so.2",
    ]);
  });

  test("are none of one that was linked with all it needs", () => {
    expect(librariesIn("\tnot a dynamic executable\n", "/bin/busybox")).toEqual([]);
  });

  test("are missed by name when they are not installed", () => {
    const said =
      "\tlibpcre2-8.so.0 => not found\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f5e1fbbe000)\n";
    expect(() => librariesIn(said, "/usr/sbin/haproxy")).toThrow(
      "Not installed, and /usr/sbin/haproxy needs it: libpcre2-8.so.0",
    );
  });
});

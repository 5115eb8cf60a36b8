/** What an HAProxy was built as. */
export interface Build {
  /** Such as `3.2.26`; empty where it names none. */
  readonly version: string;
  readonly hasLua: boolean;
}

/** Reads what `haproxy -vv` prints. */
export function parseBuild(output: string): Build {
  return {
    version: /^HAProxy version (\S+)/m.exec(output)?.[1] ?? "",
    hasLua: /^Feature list :.* \+LUA\b/m.test(output),
  };
}

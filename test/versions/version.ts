/** The version in what a program says of itself: the word that follows `before`. Undefined when it says something else. */
export function versionIn(said: string, before: string): string | undefined {
  return said.startsWith(before) ? /^[^\s,]+/.exec(said.slice(before.length))?.[0] : undefined;
}

/** Whether a version is a release that is named by its first numbers: 3.0.11-1 is one of 3.0, 3.05 is none. */
export function isOfRelease(version: string, release: string): boolean {
  return version.startsWith(release) && !/^[0-9]/.test(version.slice(release.length));
}

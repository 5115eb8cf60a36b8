import { describe, expect, test } from "vitest";
import { findContainer } from "../../../src/core/decision/find-container.js";

const containers = [
  { id: "abc111", name: "web-1" },
  { id: "abc222", name: "web-2" },
  { id: "def333", name: "shop" },
  { id: "eee444", name: "abc111" },
];

const idOf = (asked: string): unknown => {
  const found = findContainer(asked, containers);
  return found.kind === "found" ? found.container.id : found;
};

describe("looking for a container", () => {
  test("takes a whole name, with or without Docker's slash", () => {
    expect(idOf("shop")).toBe("def333");
    expect(idOf("/shop")).toBe("def333");
  });

  test("takes the beginning of an id, but a name first", () => {
    expect(idOf("abc2")).toBe("abc222");
    expect(idOf("abc111")).toBe("eee444");
  });

  test("never takes a part of a name, and names what may have been meant", () => {
    expect(idOf("sho")).toEqual({ kind: "unknown", near: ["shop"] });
    expect(idOf("web")).toEqual({ kind: "unknown", near: ["web-1", "web-2"] });
    expect(idOf("wep-1")).toEqual({ kind: "unknown", near: ["web-1"] });
    expect(idOf("mail")).toEqual({ kind: "unknown", near: [] });
  });

  test("takes none of several", () => {
    expect(idOf("abc")).toEqual({ kind: "ambiguous", candidates: containers.slice(0, 2) });
    const twins = [
      { id: "1", name: "web" },
      { id: "2", name: "web" },
    ];
    expect(findContainer("web", twins)).toEqual({ kind: "ambiguous", candidates: twins });
  });

  test("does not take nothing for everything", () => {
    expect(idOf("")).toEqual({ kind: "unknown", near: [] });
    expect(idOf("/")).toEqual({ kind: "unknown", near: [] });
  });
});

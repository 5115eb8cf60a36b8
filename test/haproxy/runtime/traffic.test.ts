import { describe, expect, test } from "vitest";
import { trafficIn } from "../../../src/haproxy/runtime/traffic.js";

const TITLES = "# pxname,svname,type,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,\n";

describe("what all frontends have answered", () => {
  test("is summed up, without backends, and without those that speak no HTTP", () => {
    const rows =
      "web,FRONTEND,0,1,20,3,4,5,6,\napp,BACKEND,1,0,90,0,0,9,0,\ntls,FRONTEND,0,,,,,,,\nin,FRONTEND,0,0,1,0,0,1,0,\n";
    expect(trafficIn(`${TITLES}${rows}`)).toEqual({ answers: 41, errors: 6 });
  });

  test("is nothing in an answer of another kind", () => {
    expect(trafficIn("Permission denied\n")).toEqual({ answers: 0, errors: 0 });
  });
});

import { describe, expect, test } from "vitest";
import { statisticsIn } from "../../../src/haproxy/runtime/statistics.js";

const TITLES =
  "# pxname,svname,scur,status,weight,lastchg,type,rate,check_status,check_code,check_duration,hrsp_5xx,econ,eresp,last_chk,ttime,addr,";

describe("what HAProxy says of itself", () => {
  test("is read by the titles of its columns", () => {
    const rows = [
      "web,web-1:10.0.0.1:80,3,UP,100,61,2,7,L7OK,200,4,1,2,3,OK,12,10.0.0.1:80,",
      "web,web-2:10.0.0.2:80,0,DOWN 1/2,0,5,2,0,* L4CON,,2,0,9,0,Connection refused,0,10.0.0.2:80,",
      "web,BACKEND,3,UP,100,61,1,7,,,,1,11,3,,12,,",
    ];
    expect(statisticsIn(["[6]: noise", TITLES, ...rows, ""].join("\n"))).toEqual({
      backends: [{ name: "web", sessions: 3, rate: 7, serverErrors: 1, totalMs: 12 }],
      servers: [
        {
          ...{ backend: "web", name: "web-1:10.0.0.1:80", address: "10.0.0.1:80", status: "UP", sessions: 3, rate: 7 },
          ...{ errors: 6, weight: 100, check: "L7OK 200 OK in 4 ms", sinceSeconds: 61 },
        },
        {
          ...{ backend: "web", name: "web-2:10.0.0.2:80", address: "10.0.0.2:80", status: "DOWN 1/2", sessions: 0 },
          ...{ rate: 0, errors: 9, weight: 0, check: "L4CON Connection refused in 2 ms", sinceSeconds: 5 },
        },
      ],
    });
  });

  test("may have words in quotes, and rows of other kinds", () => {
    const rows = [
      'a,s,0,UP,1,1,2,0,L7RSP,,1,0,0,0,"it said ""no"", twice",0,10.0.0.1:1,',
      "f,FRONTEND,1,OPEN,,,0,0,,,,,,,,,,",
    ];
    const { servers, backends } = statisticsIn([TITLES, ...rows].join("\n"));
    expect(servers.map(({ check }) => check)).toEqual(['L7RSP it said "no", twice in 1 ms']);
    expect(backends).toEqual([]);
  });

  test("is nothing where there is no table", () => {
    expect(statisticsIn("Unknown command\n\n")).toEqual({ backends: [], servers: [] });
  });
});

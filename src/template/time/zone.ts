import { type GoType, type GoValue, type Method, Struct } from "../go-values/values.js";
import { type Bytes, bytesOf } from "../go-values/bytes.js";

/** A point in time. */
export interface Instant {
  readonly unixNanoseconds: bigint;
  /** Since the program began, unmoved by changes of the clock; Go's times have it when they come from the clock. */
  readonly runningNanoseconds?: bigint;
}

/** What is said of a place's time. */
export interface Zone {
  /** Its short name, such as CET. */
  readonly name: string;
  /** Its distance to UTC, east of it positive. */
  readonly offsetSeconds: number;
  /** Whether the clocks are put forward for the summer; not when undefined. */
  readonly isDst?: boolean;
}

/** A *time.Location of Go: a place with a time of its own. The one that is local is the same object wherever it is asked for. */
export class Location extends Struct {
  readonly name: string;
  readonly isLocal: boolean;
  /** Its zone at a moment, however far away that is. */
  readonly zoneAt: (unixSeconds: number) => Zone;

  constructor(name: string, zoneAt: (unixSeconds: number) => Zone, isLocal = false) {
    super(LOCATION, []);
    this.name = name;
    this.zoneAt = zoneAt;
    this.isLocal = isLocal;
  }
}

function nameOf(self: GoValue): Bytes {
  return self instanceof Location ? bytesOf(self.name) : "UTC";
}

export const LOCATION: GoType = {
  name: "*time.Location",
  kind: "pointer",
  text: nameOf,
  methods: new Map<string, Method>([["String", { params: [], call: nameOf }]]),
  hiddenFields: ["name", "zone", "tx", "extend", "cacheStart", "cacheEnd", "cacheZone"],
};

/** Where all times are counted from. */
export const UTC = new Location("UTC", () => ({ name: "UTC", offsetSeconds: 0 }));

import { type Bytes, bytesOf } from "../go-values/bytes.js";
import { GoError } from "../go-values/errors.js";
import { goQuote } from "../go-values/quote.js";
import { type GoType, List, TypedInt, UINT8 } from "../go-values/values.js";
import { MONTHS } from "./calendar.js";
import type { Time } from "./time.js";
import { UTC } from "./zone.js";

/** A slice of bytes. */
export const BYTES: GoType = { name: "[]uint8", kind: "slice", elem: UINT8 };

/** The bytes of a text as a slice. */
export function byteSlice(text: Bytes): List {
  return new List(
    BYTES,
    Array.from(text, (char) => new TypedInt(UINT8, char.charCodeAt(0))),
  );
}

/** The time as JSON and plain texts have it; `method` is who is blamed for a year that these cannot have. */
export function standardText(time: Time, method: string): Bytes {
  const { year } = time.wall;
  if (year < 0 || year > 9_999) throw new GoError(`Time.${method}: year outside of range [0,9999]`);
  return time.format("2006-01-02T15:04:05.999999999Z07:00");
}

/** The form that Go's own programs exchange. */
export function binaryOf(time: Time): Bytes {
  const { offsetSeconds } = time.zone;
  const minutes = Math.trunc(offsetSeconds / 60);
  if (time.place !== UTC && (minutes < -32_768 || minutes === -1 || minutes > 32_767)) {
    throw new GoError("Time.MarshalBinary: unexpected zone offset");
  }
  const rest = time.place === UTC ? 0 : offsetSeconds % 60;
  const view = new DataView(new ArrayBuffer(rest === 0 ? 15 : 16));
  view.setUint8(0, rest === 0 ? 1 : 2);
  view.setBigInt64(1, time.sinceYearOne);
  view.setInt32(9, Number(time.nanosecond));
  view.setInt16(13, time.place === UTC ? -1 : minutes);
  if (rest !== 0) view.setInt8(15, rest);
  return String.fromCharCode(...new Uint8Array(view.buffer));
}

/** As it would be written in a program of Go. */
export function sourceText(time: Time): Bytes {
  const { year, month, day, hour, minute, second } = time.wall;
  const date = [year, `time.${MONTHS[month - 1] ?? ""}`, day, hour, minute, second, time.nanosecond];
  return `time.Date(${date.join(", ")}, ${placeText(time)})`;
}

function placeText({ place }: Time): Bytes {
  if (place === UTC) return "time.UTC";
  return place.isLocal ? "time.Local" : `time.Location(${goQuote(bytesOf(place.name))})`;
}

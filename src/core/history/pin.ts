import { z } from "zod";

const pin = z.object({
  /** The entry of the history whose text is pinned. */
  id: z.int().min(1),
  text: z.string(),
  /** The addresses that the store had shown when the text was made: servers of these are its affair. */
  addresses: z.array(z.string()),
  /** ISO 8601. */
  since: z.string(),
  /** When it ends by itself, as ISO 8601; absent where only an order ends it. */
  until: z.string().optional(),
});

/** A text that a file keeps whatever the store and the template say. */
export type Pin = z.output<typeof pin>;

/** How a file is pinned, as its daemon tells it. */
export interface PinState {
  /** The version that it is pinned to. */
  readonly to: number;
  readonly since: string;
  readonly until?: string | undefined;
  /** See `PinnedText`. */
  readonly out: readonly string[];
  readonly waiting: number;
}

/** A pin as it is kept on disk. */
export function formatPin(it: Pin): string {
  return `${JSON.stringify(it)}\n`;
}

/** Reads a pin; undefined where the text is none. */
export function parsePin(text: string): Pin | undefined {
  try {
    return pin.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

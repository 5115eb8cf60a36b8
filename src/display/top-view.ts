/** How a person wants to look at it. */
export interface TopView {
  readonly sort: Sort;
  /** What service, server, address or state must contain; empty for all. */
  readonly filter: string;
  /** Whether keys go into the filter. */
  readonly isTyping: boolean;
  /** How many rows are above the window. */
  readonly offset: number;
}

/** By what rows are put in order. */
type Sort = (typeof SORTS)[number];

const SORTS = ["service", "state", "sessions", "errors"] as const;

/** The view at the start. */
export const FIRST_VIEW: TopView = { sort: "service", filter: "", isTyping: false, offset: 0 };

/** Keys as terminals send them. */
const KEY = {
  ctrlC: "\u0003",
  escape: "\u001b",
  up: "\u001b[A",
  down: "\u001b[B",
  pageUp: "\u001b[5~",
  pageDown: "\u001b[6~",
};

/** So many rows a page. */
const PAGE = 10;

/** The view after a key; `quit` where it asks for the end. A key that means nothing changes nothing. */
export function afterKey(view: TopView, key: string): TopView | "quit" {
  if (key === KEY.ctrlC) return "quit";
  if (view.isTyping) return afterTyping(view, key);
  switch (key) {
    case "q":
      return "quit";
    case "s":
      return { ...view, sort: SORTS[(SORTS.indexOf(view.sort) + 1) % SORTS.length] ?? "service", offset: 0 };
    case "/":
      return { ...view, isTyping: true };
    case KEY.escape:
      return { ...view, filter: "", offset: 0 };
    case KEY.up:
    case "k":
      return { ...view, offset: Math.max(0, view.offset - 1) };
    case KEY.down:
    case "j":
      return { ...view, offset: view.offset + 1 };
    case KEY.pageUp:
      return { ...view, offset: Math.max(0, view.offset - PAGE) };
    case KEY.pageDown:
    case " ":
      return { ...view, offset: view.offset + PAGE };
    default:
      return view;
  }
}

function afterTyping(view: TopView, key: string): TopView {
  switch (key) {
    case "\r":
    case "\n":
      return { ...view, isTyping: false };
    case KEY.escape:
      return { ...view, isTyping: false, filter: "", offset: 0 };
    case "\u007f":
    case "\b":
      return { ...view, filter: view.filter.slice(0, -1), offset: 0 };
    default:
      return /^[\x21-\x7e]$/.test(key) ? { ...view, filter: view.filter + key, offset: 0 } : view;
  }
}

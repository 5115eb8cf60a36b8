import type { Patch } from "../edges/page/rendered.js";

/** Brings the page to what a patch says; what somebody has opened stays open, and what has the focus keeps it. */
export function applyPatch({ lists, made, set }: Patch): void {
  const focus = focused();
  for (const [id, children] of lists) {
    const list = document.getElementById(id);
    if (list) arrange(list, children, made);
  }
  for (const [id, html] of set) document.getElementById(id)?.replaceWith(elementOf(html));
  if (focus) refocus(focus);
}

/** Gives a list these children in this order, and moves only those that are not in their place. */
function arrange(list: Element, children: readonly string[], made: Patch["made"]): void {
  const wanted = new Set(children);
  for (const child of [...list.children]) if (!wanted.has(child.id)) child.remove();
  let place = list.firstElementChild;
  for (const id of children) {
    const html = made[id];
    const present = place?.id === id ? place : document.getElementById(id);
    if (present !== null && html === undefined) {
      if (present === place) place = place.nextElementSibling;
      else list.insertBefore(present, place);
    } else if (html !== undefined) {
      const fresh = elementOf(html);
      if (present === place) place = place?.nextElementSibling ?? null;
      keepOpen(present, fresh);
      present?.remove();
      list.insertBefore(fresh, place);
    }
  }
}

function keepOpen(before: Element | null, after: Element): void {
  if (before instanceof HTMLDetailsElement && after instanceof HTMLDetailsElement) after.open = before.open;
}

/** The text is the server's, which has escaped all that is somebody else's. */
function elementOf(html: string): Element {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild ?? document.createElement("span");
}

interface Focus {
  /** The nearest element with an id, and which of the things in it that can have the focus. */
  readonly id: string;
  readonly index: number;
  readonly element: Element;
  readonly scrollTop: number;
}

const FOCUSABLE = "a[href], button, input, summary, [tabindex]";

function focused(): Focus | undefined {
  const element = document.activeElement;
  const owner = element?.closest("[id]");
  if (!element || !owner || element === document.body) return undefined;
  const index = [...owner.querySelectorAll(FOCUSABLE)].indexOf(element);
  return { id: owner.id, index, element, scrollTop: element.scrollTop };
}

function refocus({ id, index, element, scrollTop }: Focus): void {
  if (element.isConnected) return;
  const owner = document.getElementById(id);
  const next = index < 0 ? owner : owner?.querySelectorAll(FOCUSABLE)[index];
  if (!(next instanceof HTMLElement)) return;
  next.focus({ preventScroll: true });
  next.scrollTop = scrollTop;
}

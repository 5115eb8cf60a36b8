/** Shows only the rows that have all the words somebody has typed, and the services that have such rows. */
export class Filter {
  readonly #input = document.querySelector<HTMLInputElement>("#filter");
  readonly #count = document.querySelector("#filtered");
  /** The words of each row, for as long as the row is there. */
  readonly #texts = new WeakMap<Element, string>();
  #isFiltering = false;

  constructor() {
    const input = this.#input;
    if (!input) return;
    input.closest("p")?.removeAttribute("hidden");
    input.addEventListener("input", () => {
      this.apply();
    });
    addEventListener("keydown", (event) => {
      if (event.key === "/" && !(event.target instanceof HTMLInputElement)) {
        event.preventDefault();
        input.focus();
      } else if (event.key === "Escape" && event.target === input) {
        input.value = "";
        this.apply();
      }
    });
  }

  /** Does it for the rows that there are now. */
  apply(): void {
    const words = (this.#input?.value ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0 && !this.#isFiltering) return;
    this.#isFiltering = words.length > 0;
    let count = 0;
    for (const service of document.querySelectorAll(".service")) {
      const name = this.#textOf(service.querySelector("summary"));
      let isAnyShown = false;
      for (const row of service.querySelectorAll("tbody tr")) {
        const text = `${name} ${this.#textOf(row)}`;
        const isShown = words.every((word) => text.includes(word));
        row.toggleAttribute("hidden", !isShown);
        isAnyShown ||= isShown;
        if (isShown) count++;
      }
      service.toggleAttribute("hidden", this.#isFiltering && !isAnyShown);
    }
    if (this.#count) this.#count.textContent = this.#isFiltering ? `${count} instances` : "";
  }

  #textOf(element: Element | null): string {
    if (!element) return "";
    const known = this.#texts.get(element);
    if (known !== undefined) return known;
    const text = element.textContent.toLowerCase();
    this.#texts.set(element, text);
    return text;
  }
}

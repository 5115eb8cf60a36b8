import type { Compat } from "../core/model/backend.js";
import type { Snapshot } from "../core/model/snapshot.js";
import type { ErrorPages } from "../core/model/error-pages.js";
import type { UserLists } from "../core/model/users.js";
import type { LeftOut } from "../core/view/server.js";
import type { TemplateWorld } from "./functions/world.js";

/** What a rendering depends on; equal inputs give equal texts. */
export interface RenderInput {
  readonly snapshot: Snapshot;
  /** Is cut off the keys before the functions see them; `/` cuts nothing. The services are those of the whole keys. */
  readonly prefix: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the text goes; undefined where nobody keeps it. */
  readonly dest?: string | undefined;
  /** The machine; without one, what would be asked of it is an error. */
  readonly world?: TemplateWorld | undefined;
  /** Whom labels of services may name; undefined where nobody has said where they are. */
  readonly users?: UserLists | undefined;
  /** What HAProxy answers instead of pages of its own; undefined where nobody has looked for any. */
  readonly errorPages?: ErrorPages | undefined;
  /** Whose confd counts where the two differ; the classic unless told. */
  readonly compat?: Compat | undefined;
}

/** A text, and what of services and their users had to be left out; nothing of that when the template does not ask for them. */
export interface Rendering {
  readonly text: string;
  readonly leftOut: readonly LeftOut[];
  /** What keys of steering come to, the service first: `web: green alone serves`; absent where there are none. */
  readonly steering?: readonly string[];
}

/** A template that has been read: whatever can be wrong with its text alone is not. */
export interface Template {
  /** Throws `template-invalid` when it cannot be done with this input. */
  render(input: RenderInput): Rendering;
}

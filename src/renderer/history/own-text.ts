import type { Emit } from "../../core/events/event.js";
import { wallTime } from "../../flow/clock.js";
import { describeEdit } from "../../haproxy/config/edit.js";
import type { Resource, Target } from "../../ports.js";
import type { FileHistory } from "./file-history.js";

/** A file that somebody else has written to, or has deleted. */
export interface Edit {
  /** The text that it had from us. */
  readonly ours: string;
  /** Undefined where there is no file any more. */
  readonly theirs: string | undefined;
}

/** The last edit, for `/state`. */
export interface EditState {
  /** When it was seen, as ISO 8601. */
  readonly at: string;
  /** How the file differed from what it had from us, in words. */
  readonly differences: readonly string[];
}

/** What is known of the text that a file has from us. */
interface OwnTextParts {
  readonly target: Target;
  readonly history?: FileHistory | undefined;
  readonly emit: Emit;
}

/** Knows the text that a file has from us, also from an earlier process, and tells when somebody else has edited it. */
export class OwnText {
  readonly #resource: Resource;
  readonly #parts: OwnTextParts;
  /** Kept with the history where there is one, since that outlives the loop of a resource. */
  readonly #known: { ownText: string | undefined };
  #present: string | undefined;
  /** The edit that has been told, until the file has a text of ours again. */
  #edit: Edit | undefined;
  /** The text of the file after the last turn that has left it in order. */
  #inOrder: string | undefined;
  #last: EditState | undefined;

  constructor(resource: Resource, parts: OwnTextParts) {
    this.#resource = resource;
    this.#parts = parts;
    this.#known = parts.history ?? { ownText: undefined };
  }

  get lastEdit(): EditState | undefined {
    return this.#last;
  }

  /** Looks at the file as a turn begins, and tells of an edit that is news; undefined where it is as it was left. */
  async look(): Promise<Edit | undefined> {
    const { target, history, emit } = this.#parts;
    const theirs = await target.read();
    this.#present = theirs;
    const ours = this.#known.ownText;
    if (ours === undefined || theirs === ours || (await this.#isUnproven())) this.#edit = undefined;
    else if (this.#edit?.theirs !== theirs || this.#edit?.ours !== ours) {
      this.#edit = { ours, theirs };
      const differences = describeEdit(ours, theirs);
      this.#last = { at: wallTime().toISOString(), differences };
      const { name, dest } = this.#resource;
      emit({ kind: "file-edited", resource: name, dest, differences });
      history?.found(theirs, differences);
    }
    return this.#edit;
  }

  /** Such a file has been written by us, and nobody may have come to put that down. */
  async #isUnproven(): Promise<boolean> {
    const condition = await this.#parts.target.condition();
    return condition === "unproven" || condition === "torn";
  }

  /** The file has this text from us now. */
  wrote(text: string | undefined): void {
    this.#known.ownText = text;
    this.#edit = undefined;
  }

  /** A turn has left the file in order. */
  async accept(): Promise<void> {
    this.#inOrder = await this.#parts.target.read();
    this.#known.ownText ??= this.#present;
  }

  /** The text that the file had when it was last in order, under an earlier process, too; undefined where that is not known. */
  async inOrder(): Promise<string | undefined> {
    const { target, history } = this.#parts;
    if (this.#inOrder !== undefined) return this.#inOrder;
    const present = await target.read();
    return present !== undefined && (await history?.hasTaken(present)) ? present : undefined;
  }
}

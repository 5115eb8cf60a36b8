import type { HistoryEntry, HistoryLine } from "../../../src/core/history/entry.js";
import type { Pin } from "../../../src/core/history/pin.js";
import { endOf, entriesIn, type HistoryEnd, type Version, versionIn } from "../../../src/core/history/versions.js";
import type { History } from "../../../src/ports.js";

/** A history in memory; a disk that fails where the test says so: `isReadable` is of the file, for everybody, `isLegible` of its history, for us. */
export class MemoryHistory implements History {
  readonly lines: HistoryLine[] = [];
  kept: Pin | undefined;
  isFull = false;
  isReadable = true;
  isLegible = true;

  async end(): Promise<HistoryEnd | undefined> {
    return endOf(this.lines);
  }

  async append(line: HistoryLine, before: HistoryEnd): Promise<void> {
    this.#write();
    if (endOf(this.lines)?.text !== before.text)
      this.lines.push({ text: before.text, addresses: [...before.addresses] });
    this.lines.push(line);
  }

  async entries(limit: number): Promise<readonly HistoryEntry[]> {
    if (!this.isLegible) throw new Error("EACCES: permission denied");
    return [...entriesIn(this.lines)].reverse().slice(0, limit);
  }

  async version(id: number): Promise<Version | undefined> {
    return versionIn(this.lines, id);
  }

  async pin(): Promise<Pin | undefined> {
    return this.kept;
  }

  async keepPin(pin: Pin | undefined): Promise<void> {
    this.#write();
    this.kept = pin;
  }

  async isPublic(): Promise<boolean> {
    return this.isReadable;
  }

  digestOf(text: string): string {
    return `digest of ${text}`;
  }

  #write(): void {
    if (this.isFull) throw new Error("ENOSPC: no space left on device, write");
  }
}

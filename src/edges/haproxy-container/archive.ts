import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";

/** A file to be put into a container. */
export interface PackedFile {
  /** Without a folder. */
  readonly name: string;
  readonly text: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Packs files into a tar archive, as the API of an engine takes them. */
export async function packed(files: readonly PackedFile[]): Promise<Buffer> {
  const archive = pack();
  for (const { text, ...header } of files) archive.entry(header, text);
  archive.finalize();
  return await buffer(archive);
}

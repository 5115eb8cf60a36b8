/** Writes what ZooKeeper reads: its records, field by field, in the form that it calls jute. */
export class JuteWriter {
  readonly #parts: Buffer[] = [];

  int(value: number): this {
    const part = Buffer.alloc(4);
    part.writeInt32BE(value);
    return this.#add(part);
  }

  long(value: bigint): this {
    const part = Buffer.alloc(8);
    part.writeBigInt64BE(BigInt.asIntN(64, value));
    return this.#add(part);
  }

  truth(value: boolean): this {
    return this.#add(Buffer.from([value ? 1 : 0]));
  }

  bytes(value: Buffer): this {
    return this.int(value.length).#add(value);
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value));
  }

  /** All of it, as a packet: its length comes first. */
  packet(): Buffer {
    const all = Buffer.concat(this.#parts);
    return Buffer.concat([new JuteWriter().int(all.length).#bare(), all]);
  }

  #bare(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #add(part: Buffer): this {
    this.#parts.push(part);
    return this;
  }
}

/** Reads the same; throws a `RangeError` where a packet ends too soon. */
export class JuteReader {
  readonly #packet: Buffer;
  #at = 0;

  constructor(packet: Buffer) {
    this.#packet = packet;
  }

  int(): number {
    return this.#packet.readInt32BE(this.#pass(4));
  }

  long(): bigint {
    return this.#packet.readBigInt64BE(this.#pass(8));
  }

  truth(): boolean {
    return this.#packet.readUInt8(this.#pass(1)) !== 0;
  }

  /** Nothing at all is read as no bytes. */
  bytes(): Buffer {
    const length = Math.max(0, this.int());
    const from = this.#pass(length);
    if (this.#at > this.#packet.length) throw new RangeError("a packet has ended too soon");
    return this.#packet.subarray(from, this.#at);
  }

  text(): string {
    return this.bytes().toString();
  }

  /** As many as it says come next; room is made for no more of them than there can be. */
  texts(): readonly string[] {
    const count = Math.max(0, this.int());
    if (count > (this.#packet.length - this.#at) / 4) throw new RangeError("a packet has ended too soon");
    return Array.from({ length: count }, () => this.text());
  }

  #pass(length: number): number {
    const from = this.#at;
    this.#at += length;
    return from;
  }
}

/** Takes packets out of a stream of bytes that comes in pieces. */
export class Packets {
  #left = Buffer.alloc(0);

  /** The packets that are whole with these bytes; throws where they are none of ZooKeeper's. */
  take(bytes: Buffer): readonly Buffer[] {
    const all = this.#left.length === 0 ? bytes : Buffer.concat([this.#left, bytes]);
    const packets: Buffer[] = [];
    let at = 0;
    while (all.length - at >= 4) {
      const length = all.readInt32BE(at);
      if (length < 0 || length > LARGEST) throw new Error("what answers is no ZooKeeper");
      if (all.length - at - 4 < length) break;
      packets.push(all.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    this.#left = Buffer.from(all.subarray(at));
    return packets;
  }
}

/** The most bytes of a packet: the names of half a million nodes. */
const LARGEST = 64 * 1024 * 1024;

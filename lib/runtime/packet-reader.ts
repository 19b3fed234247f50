import type { StreamRecord } from '../connectors/stream-port.ts';
import { decodePacket, type Packet } from './packet.ts';

/** Decodes each packet once, though it is looked at to see which partitions it needs, and then applied. */
export class PacketReader {
  readonly #ahead = new WeakMap<StreamRecord, Packet>();

  /** @throws MillraceError as `decodePacket` */
  read(record: StreamRecord): Packet {
    const known = this.#ahead.get(record);
    if (known !== undefined) return known;
    const packet = decodePacket(record.data);
    this.#ahead.set(record, packet);
    return packet;
  }

  /** The packet, or nothing where it cannot be read: that is said when it is its turn. */
  peek(record: StreamRecord): Packet | undefined {
    try {
      return this.read(record);
    } catch {
      return undefined;
    }
  }

  /** It is applied: its batch may be long, and there is no need to keep all of it. */
  forget(record: StreamRecord): void {
    this.#ahead.delete(record);
  }
}

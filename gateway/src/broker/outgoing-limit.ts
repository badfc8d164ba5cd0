import type { Aedes } from "aedes";

interface Recipient {
  clientId: string;
}

/** The part of Aedes' persistence through which every QoS 1 message to a persistent session passes. */
interface OutgoingQueue {
  outgoingEnqueueCombi(recipients: Recipient[], packet: unknown): Promise<void>;
  outgoingClearMessageId(client: { id: string }, packet: unknown): Promise<unknown>;
}

/**
 * Bounds the messages that Aedes keeps in memory for one session until they are acknowledged, which it does not do
 * itself. A session that is away misses what comes on top; one that is there and acknowledges nothing is closed.
 */
export function limitOutgoing(broker: Aedes, limit: number): void {
  const { persistence } = broker as unknown as { persistence: OutgoingQueue };
  const waiting = new Map<string, number>();
  const enqueue = persistence.outgoingEnqueueCombi.bind(persistence);
  const clear = persistence.outgoingClearMessageId.bind(persistence);
  persistence.outgoingEnqueueCombi = (recipients, packet) => {
    const taken = recipients.filter(({ clientId }) => (waiting.get(clientId) ?? 0) < limit);
    for (const { clientId } of taken) waiting.set(clientId, (waiting.get(clientId) ?? 0) + 1);
    return enqueue(taken, packet);
  };
  persistence.outgoingClearMessageId = async (client, packet) => {
    const cleared = await clear(client, packet);
    const left = (waiting.get(client.id) ?? 0) - 1;
    if (cleared !== undefined && left > 0) waiting.set(client.id, left);
    else if (cleared !== undefined) waiting.delete(client.id);
    return cleared;
  };
}

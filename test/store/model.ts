// A store in memory, as simple as can be: what the real one must agree with after every verb.
import type { DeliveryState, MessageState } from '../../src/domain/store.ts';

export interface ModelMessage {
  event: string;
  person: string;
  command: boolean;
  state: MessageState;
  text: string;
  /** The store's id, once it is known. */
  id: string;
}

export interface ModelDelivery {
  id: string;
  person: string;
  text: string;
  state: DeliveryState;
  notBeforeMs: number;
}

export interface ModelTurn {
  id: string;
  person: string;
  sessionId: string;
  messages: ModelMessage[];
  entries: string[];
  /** Entries when the process died last. */
  seen: number;
  deaths: number;
}

export class Model {
  messages: ModelMessage[] = [];
  deliveries: ModelDelivery[] = [];
  /** By person. */
  running = new Map<string, ModelTurn>();
  histories = new Map<string, string[]>();

  receive(message: ModelMessage): boolean {
    if (this.messages.some((known) => known.event === message.event)) return false;
    this.messages.push(message);
    return true;
  }

  waiting(person: string): ModelMessage[] {
    return this.messages.filter((message) => message.person === person && message.state === 'queued' && !message.command);
  }

  /** People with a lane that is ready, the longest-waiting first. */
  ready(): string[] {
    const heads = this.messages.filter(
      (message) => message.state === 'queued' && !message.command && !this.running.has(message.person),
    );
    return [...new Set(heads.map((message) => message.person))];
  }

  commands(): ModelMessage[] {
    return this.messages.filter((message) => message.command && message.state === 'queued');
  }

  /** Messages by state, deliveries by state. */
  counts(): { messages: Record<string, number>; deliveries: Record<string, number> } {
    const count = (rows: readonly { state: string }[], states: readonly string[]): Record<string, number> =>
      Object.fromEntries(states.map((state) => [state, rows.filter((row) => row.state === state).length]));
    return {
      messages: count(this.messages, ['queued', 'running', 'answered', 'refused', 'quarantined']),
      deliveries: count(this.deliveries, ['queued', 'sending', 'sent', 'failed', 'uncertain']),
    };
  }

  private open(person: string): ModelDelivery[] {
    return this.deliveries.filter(
      (delivery) => delivery.person === person && (delivery.state === 'queued' || delivery.state === 'sending'),
    );
  }

  /** Adds in order; returns those that leave at once. */
  add(deliveries: ModelDelivery[], sendNow: boolean): ModelDelivery[] {
    return deliveries.filter((delivery) => {
      const leaves = sendNow && this.open(delivery.person).length === 0;
      delivery.state = leaves ? 'sending' : 'queued';
      this.deliveries.push(delivery);
      return leaves;
    });
  }

  /** What is due: of each chat the first that is open, if it waits and its time has come; the longest due first. */
  due(nowMs: number, limit: number): ModelDelivery[] {
    const heads = [...new Set(this.deliveries.map((delivery) => delivery.person))].flatMap((person) =>
      this.open(person).slice(0, 1),
    );
    return heads
      .filter((delivery) => delivery.state === 'queued' && delivery.notBeforeMs <= nowMs)
      .toSorted(
        (one, other) => one.notBeforeMs - other.notBeforeMs || this.deliveries.indexOf(one) - this.deliveries.indexOf(other),
      )
      .slice(0, limit);
  }
}

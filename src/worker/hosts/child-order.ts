import { WinnowError, type ErrorReport } from '../../shared/errors.js';

/** A task's last message, unless its process dies before. */
export type LastMessage = { readonly type: 'done' } | { readonly type: 'failed'; readonly error: ErrorReport };

/**
 * The child's side of `ChildTask`: carries out the one order that it is given, and ends; at the latest with the process that
 * started it.
 */
export function carryOut<Order, Message extends { readonly type: string }>(
  work: (order: Order, tell: (message: Message) => void) => Promise<void>,
): void {
  const send = (message: Message | LastMessage): Promise<void> =>
    new Promise((resolve) => (process.connected ? process.send!(message, undefined, undefined, () => resolve()) : resolve()));
  process.once('disconnect', () => process.exit(0));
  process.once('message', (order) => {
    work(order as Order, (message) => void send(message))
      .then(() => send({ type: 'done' }))
      .catch((error: unknown) => send({ type: 'failed', error: WinnowError.from(error).report() }))
      .finally(() => process.exit(0));
  });
}

import type { InsideView } from '../../shared/inside.js';
import type { Backend } from '../network/backend.js';
import { softmax } from '../recognizer/decision.js';

/** One window inside a network, beside what the unchanged network makes of it. */
export async function lookInside(modelId: string, changed: Backend, asIs: Backend, window: Float32Array): Promise<InsideView> {
  const startedMs = performance.now();
  const { logits, activity, traces } = await changed.infer(window, 1, { trace: true, threads: 1 });
  const scores = softmax(logits);
  const scoresAsIs = changed === asIs ? scores : softmax((await asIs.infer(window, 1, { threads: 1 })).logits);
  return {
    modelId,
    labels: changed.model.labels,
    scores,
    scoresAsIs,
    layers: activity[0]!.map((layer, i) => ({ ...layer, activeBits: bits(traces?.[0]?.[i]?.winners, layer.size) })),
    computedMs: performance.now() - startedMs,
  };
}

function bits(active: Uint32Array | undefined, size: number): string {
  const bytes = new Uint8Array(Math.ceil(size / 8));
  for (const unit of active ?? []) bytes[unit >> 3]! |= 1 << (unit & 7);
  return Buffer.from(bytes).toString('base64');
}

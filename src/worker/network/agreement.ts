import type { Backend, InferenceResult, LayerTrace } from './backend.js';
import type { LayerShape } from './model.js';
import { ReferenceBackend } from './reference.js';
import { kthLargest, competitions } from './selection.js';
import { activationShape, layerShapes } from './shapes.js';

/** Largest difference of a logit, relative to the window's largest. */
export const LOGIT_TOLERANCE = 1e-4;
/** Two units may change places where their values differ by less than this part of the layer's range. */
export const TIE_TOLERANCE = 1e-5;
/** Windows compared at a time: every one keeps all its layers in memory. */
const BATCH_WINDOWS = 16;

/** How far a back end's results are from the reference's. */
export interface Agreement {
  readonly windows: number;
  /** Over the windows without a swap; relative to each window's largest logit. */
  readonly logitDifference: number;
  /** Pairs of units that changed places because their values are too close to tell. */
  readonly swaps: number;
  /** Windows with one; what follows from a swap in later layers and in the logits is not held against the back end. */
  readonly windowsWithSwaps: number;
  /** Units that are active in one and not in the other, for no such reason. */
  readonly differences: number;
  readonly agrees: boolean;
}

/**
 * Runs the same windows through a back end and the reference and compares them, layer by layer.
 * @param windows `[window][...input]`
 */
export async function compareWithReference(backend: Backend, windows: Float32Array, count: number): Promise<Agreement> {
  const reference = new ReferenceBackend(backend.model);
  const shapes = layerShapes(backend.model.spec);
  const size = windows.length / Math.max(1, count);
  let total: Agreement = { windows: 0, logitDifference: 0, swaps: 0, windowsWithSwaps: 0, differences: 0, agrees: true };
  for (let start = 0; start < count; start += BATCH_WINDOWS) {
    const some = Math.min(BATCH_WINDOWS, count - start);
    const batch = windows.subarray(start * size, (start + some) * size);
    const expected = await reference.infer(batch, some, { trace: true });
    const actual = await backend.infer(batch, some, { trace: true });
    total = together(total, agreement(shapes, expected, actual));
  }
  return total;
}

function together(a: Agreement, b: Agreement): Agreement {
  return {
    windows: a.windows + b.windows,
    logitDifference: Math.max(a.logitDifference, b.logitDifference),
    swaps: a.swaps + b.swaps,
    windowsWithSwaps: a.windowsWithSwaps + b.windowsWithSwaps,
    differences: a.differences + b.differences,
    agrees: a.agrees && b.agrees,
  };
}

/** @param expected with traces of the reference, @param actual with traces of any back end */
export function agreement(shapes: readonly LayerShape[], expected: InferenceResult, actual: InferenceResult): Agreement {
  const windows = expected.activity.length;
  const classes = expected.logits.length / Math.max(1, windows);
  let logitDifference = 0;
  let swaps = 0;
  let windowsWithSwaps = 0;
  let differences = 0;
  for (let w = 0; w < windows; w++) {
    const swapped = firstDisagreement(shapes, expected.traces?.[w] ?? [], actual.traces?.[w] ?? []);
    if (swapped) {
      swaps += swapped.swaps;
      differences += swapped.differences;
      windowsWithSwaps++;
      continue;
    }
    const range = [w * classes, (w + 1) * classes] as const;
    const difference = relativeDifference(expected.logits.subarray(...range), actual.logits.subarray(...range));
    logitDifference = Math.max(logitDifference, difference);
  }
  const agrees = differences === 0 && logitDifference <= LOGIT_TOLERANCE;
  return { windows, logitDifference, swaps, windowsWithSwaps, differences, agrees };
}

/** In the first layer whose active units differ; later ones differ because of it. */
function firstDisagreement(shapes: readonly LayerShape[], expected: readonly LayerTrace[], actual: readonly LayerTrace[]) {
  for (let i = 0; i < shapes.length; i++) {
    const apart = symmetricDifference(expected[i]!.winners, actual[i]?.winners ?? new Uint32Array());
    if (apart.length === 0) continue;
    const explained = apart.filter((unit) => isNearTie(shapes[i]!, expected[i]!, unit)).length;
    return { swaps: Math.ceil(explained / 2), differences: apart.length - explained };
  }
  return undefined;
}

function symmetricDifference(a: Uint32Array, b: Uint32Array): number[] {
  const inA = new Set(a);
  const inB = new Set(b);
  return [...[...a].filter((unit) => !inB.has(unit)), ...[...b].filter((unit) => !inA.has(unit))];
}

/** Whether a unit stands so close to the edge between winning and losing that rounding decides. */
function isNearTie(shape: LayerShape, { competing, output, winners }: LayerTrace, unit: number): boolean {
  const { activation } = shape.spec;
  if (activation.kind !== 'kWinners' || !competing) {
    // Active means "not zero" here: near zero, as seen from the values that passed.
    return Math.abs(output[unit] ?? Infinity) <= TIE_TOLERANCE * spread(output);
  }
  const tolerance = TIE_TOLERANCE * spread(competing);
  const value = competing[unit]!;
  if (activation.selection.kind === 'threshold') return Math.abs(value - activation.selection.value) <= tolerance;
  const group = competitions(activation.selection, activationShape(shape)).find((units) => units.includes(unit))!;
  const won = new Set(winners);
  const k = group.filter((member) => won.has(member)).length;
  const values = Float32Array.from(group, (member) => competing[member]!);
  const edges = [k, k + 1]
    .filter((place) => place >= 1 && place <= values.length)
    .map((place) => kthLargest(values, values.length, place));
  return edges.some((edge) => Math.abs(value - edge) <= tolerance);
}

function spread(values: Float32Array): number {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return high - low;
}

function relativeDifference(expected: Float32Array, actual: Float32Array): number {
  let largest = 0;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]!));
    difference = Math.max(difference, Math.abs(expected[i]! - actual[i]!));
  }
  return difference === 0 ? 0 : difference / largest;
}

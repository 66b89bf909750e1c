import type { LayerUse } from '../../../shared/teaching.js';
import type { NetworkSpec } from '../../../shared/network.js';
import { layerEntropy, targetDutyCycle } from '../../network/boosting.js';
import type { LayerTensors } from '../../network/model.js';
import { activationShape, layerShapes } from '../../network/shapes.js';

const HISTOGRAM_CLASSES = 10;
/** The histogram's scale reaches to so many times the duty cycle aimed at, or to the most used unit. */
const WIDEST_TARGETS = 3;

/** How evenly the units of each layer with winners are used. */
export function layerUse(spec: NetworkSpec, layers: readonly LayerTensors[]): LayerUse[] {
  return layerShapes(spec).flatMap((shape, i) => {
    const { activation, name } = shape.spec;
    const duty = layers[i]!.dutyCycle;
    if (activation.kind !== 'kWinners' || !duty) return [];
    const target = targetDutyCycle(activation, activationShape(shape));
    const widest = Math.min(1, Math.max(WIDEST_TARGETS * target, ...duty));
    const histogram = new Array<number>(HISTOGRAM_CLASSES).fill(0);
    for (const value of duty) histogram[Math.min(HISTOGRAM_CLASSES - 1, Math.floor((value / widest) * HISTOGRAM_CLASSES))]!++;
    return [{ name, ...layerEntropy(duty, target), histogram, widest }];
  });
}

import type { InsideChanges } from '../../shared/inside.js';
import type { Model } from '../network/model.js';

/** The model with other winners at inference; weights and duty cycles are its own. */
export function changedModel(model: Model, changes: InsideChanges): Model {
  const layers = model.spec.layers.map((layer) => {
    const { activation } = layer;
    if (activation.kind !== 'kWinners') return layer;
    const { boostAtInference, kInferenceFactor } = changes;
    return {
      ...layer,
      activation: {
        ...activation,
        kInferenceFactor: kInferenceFactor ?? activation.kInferenceFactor,
        boosting: { ...activation.boosting, atInference: boostAtInference ?? activation.boosting.atInference },
      },
    };
  });
  return { ...model, spec: { ...model.spec, layers } };
}

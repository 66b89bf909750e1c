import { expect, it } from 'vitest';
import { DEFAULT_DECISION, DEFAULT_SETTINGS } from '../../shared/contract.js';
import { decisionInUse, suggestedPart } from './decision-in-use.js';

const suggested = { smoothingMs: 160, threshold: 0.9, patience: 2, patienceOf: 3, refractoryMs: 500 };
const words = { thresholds: { yes: 0.8 }, off: ['no'] };

it('follows the model until the user has set the decision, and the defaults where the model suggests nothing', () => {
  const decision = { ...DEFAULT_SETTINGS.decision, threshold: 0.3, ...words };
  expect(decisionInUse({ decision }, suggested)).toEqual({ ...suggested, ...words });
  expect(decisionInUse({ decision }, undefined)).toEqual({ ...DEFAULT_DECISION, ...words });
  expect(decisionInUse({ decision, ownDecision: true }, suggested)).toBe(decision);
  expect(suggestedPart(decisionInUse({ decision }, suggested))).toEqual(suggested);
});

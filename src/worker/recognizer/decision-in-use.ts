import { DEFAULT_DECISION, type DecisionSettings, type Settings, type SuggestedDecision } from '../../shared/contract.js';

/** What of some settings a model may suggest. */
export function suggestedPart({
  smoothingMs,
  threshold,
  patience,
  patienceOf,
  refractoryMs,
}: DecisionSettings): SuggestedDecision {
  return { smoothingMs, threshold, patience, patienceOf, refractoryMs };
}

/**
 * How scores become words heard: as the user has set it, otherwise as the deciding model suggests. What is set for single words
 * stays the user's either way.
 */
export function decisionInUse(
  { decision, ownDecision }: Pick<Settings, 'decision' | 'ownDecision'>,
  suggested: SuggestedDecision | undefined,
): DecisionSettings {
  return ownDecision ? decision : { ...decision, ...(suggested ?? DEFAULT_DECISION) };
}

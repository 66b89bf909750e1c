import type { ModelSummary } from '../../shared/contract.js';

/** What each model is called on the page, by its id: its name, with the id where several have the same one. */
export function modelTitles(models: readonly Pick<ModelSummary, 'id' | 'name'>[]): ReadonlyMap<string, string> {
  const uses = new Map<string, number>();
  for (const { name } of models) uses.set(name, (uses.get(name) ?? 0) + 1);
  return new Map(models.map(({ id, name }) => [id, (uses.get(name) ?? 0) > 1 && id !== name ? `${name} (${id})` : name]));
}

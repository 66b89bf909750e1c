/** Mean and spread of one figure over the seeds. */
export interface Spread {
  readonly mean: number;
  /** Sample standard deviation (divided by n - 1); 0 for one seed. */
  readonly sd: number;
  readonly values: readonly number[];
}

export function spread(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)), values };
}

interface Figures {
  readonly accuracy: number | null;
  readonly noise: { readonly mean: number } | null;
}

/** What a report says about one seed. */
export interface SeedReport {
  readonly seed: number;
  readonly validationScore: number;
  readonly validation: Figures;
  readonly test?: Figures;
}

/** Accuracy and mean noise accuracy over the seeds of one recipe, on both parts. */
export function seedSpread(reports: readonly SeedReport[]): Record<string, Spread | readonly number[]> {
  const over = (pick: (report: SeedReport) => number | null | undefined): Spread | null => {
    const values = reports.map(pick);
    return values.every((value) => typeof value === 'number') ? spread(values) : null;
  };
  const figures = {
    validationAccuracy: over((report) => report.validation.accuracy),
    validationNoise: over((report) => report.validation.noise?.mean),
    testAccuracy: over((report) => report.test?.accuracy),
    testNoise: over((report) => report.test?.noise?.mean),
  };
  const known = Object.entries(figures).filter((entry): entry is [string, Spread] => entry[1] !== null);
  return { seeds: reports.map((report) => report.seed), ...Object.fromEntries(known) };
}

/** The seed whose best epoch scored highest on validation; of equal ones the first. */
export function bestSeed(reports: readonly SeedReport[]): SeedReport {
  return reports.reduce((best, report) => (report.validationScore > best.validationScore ? report : best));
}

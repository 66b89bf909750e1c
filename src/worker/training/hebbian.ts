import { boostFactors, layerEntropy, updateDutyCycle } from '../network/boosting.js';
import { WinnerSelector } from '../network/selection.js';
import { Random } from './random.js';

/** Samples after which duty cycles and boost factors are brought up to date. */
const DUTY_BATCH = 32;

export interface HebbianOptions {
  readonly inputs: number;
  readonly units: number;
  /** Winners for each input. */
  readonly k: number;
  readonly learningRate: number;
  /** beta of the boost exp(beta (k / units - duty cycle)). */
  readonly boostStrength: number;
  /** Samples over which the duty cycle averages. */
  readonly dutyCyclePeriod: number;
  readonly seed: number;
}

/**
 * A layer that learns from unlabelled inputs, without loss (patent, paragraph 67): the k units that answer an input most
 * strongly, boosted, move towards it by Oja's rule (1982), w += rate y (x - y w), which keeps their length near 1.
 */
export class HebbianLayer {
  /** `[unit][input]`, rows of length 1 at the start. */
  readonly weight: Float32Array;
  readonly dutyCycle: Float32Array;
  private readonly selector: WinnerSelector;
  private readonly wins: Float32Array;
  private boost: Float32Array;
  private seen = 0;

  constructor(private readonly options: HebbianOptions) {
    const { inputs, units, k } = options;
    const random = new Random(options.seed);
    this.weight = Float32Array.from({ length: inputs * units }, () => random.uniform(-1, 1));
    for (let unit = 0; unit < units; unit++) {
      const row = this.row(unit);
      const length = Math.hypot(...row);
      row.forEach((value, i) => (row[i] = value / length));
    }
    this.dutyCycle = new Float32Array(units);
    this.wins = new Float32Array(units);
    this.boost = new Float32Array(units).fill(1);
    this.selector = new WinnerSelector(
      { selection: { kind: 'global' }, count: { k }, kInferenceFactor: 1 },
      { channels: units, height: 1, width: 1 },
    );
  }

  /** One pass over `count` inputs, `[sample][input]`. */
  learn(inputs: Float32Array, count: number): void {
    const { inputs: width, units, k, learningRate, boostStrength, dutyCyclePeriod } = this.options;
    let batch = 0;
    for (let sample = 0; sample < count; sample++) {
      const x = inputs.subarray(sample * width, (sample + 1) * width);
      const y = this.answers(x);
      for (const unit of this.selector.select(y.map((value, i) => value * this.boost[i]!))) {
        this.wins[unit]!++;
        oja(this.row(unit), x, y[unit]!, learningRate);
      }
      if (++batch < DUTY_BATCH && sample < count - 1) continue;
      this.seen += batch;
      updateDutyCycle(this.dutyCycle, this.wins, batch, this.seen, dutyCyclePeriod);
      this.boost = boostFactors(this.dutyCycle, k / units, boostStrength);
      this.wins.fill(0);
      batch = 0;
    }
  }

  /** What the layer passes on: the k winners' values, unboosted, the others 0; `[sample][unit]`. */
  encode(inputs: Float32Array, count: number): Float32Array {
    const { inputs: width, units } = this.options;
    const codes = new Float32Array(count * units);
    for (let sample = 0; sample < count; sample++) {
      const y = this.answers(inputs.subarray(sample * width, (sample + 1) * width));
      for (const unit of this.selector.select(y.map((value, i) => value * this.boost[i]!)))
        codes[sample * units + unit] = y[unit]!;
    }
    return codes;
  }

  /** Entropy of the layer as a share of the most that k winners allow. */
  entropyShare(): number {
    const { entropy, maximum } = layerEntropy(this.dutyCycle, this.options.k / this.options.units);
    return entropy / maximum;
  }

  private row(unit: number): Float32Array {
    const { inputs } = this.options;
    return this.weight.subarray(unit * inputs, (unit + 1) * inputs);
  }

  /** Four units at once: a sum alone would wait for its last addition, and each input is read once for the four. */
  private answers(x: Float32Array): Float32Array {
    const { inputs, units } = this.options;
    const { weight } = this;
    const y = new Float32Array(units);
    const tail = units % 4;
    for (let unit = 0; unit + 4 <= units; unit += 4) {
      const a = unit * inputs;
      const b = a + inputs;
      const c = b + inputs;
      const d = c + inputs;
      let [sa, sb, sc, sd] = [0, 0, 0, 0];
      for (let i = 0; i < inputs; i++) {
        const value = x[i]!;
        sa += weight[a + i]! * value;
        sb += weight[b + i]! * value;
        sc += weight[c + i]! * value;
        sd += weight[d + i]! * value;
      }
      y[unit] = sa;
      y[unit + 1] = sb;
      y[unit + 2] = sc;
      y[unit + 3] = sd;
    }
    for (let unit = units - tail; unit < units; unit++) {
      let sum = 0;
      for (let i = 0, at = unit * inputs; i < inputs; i++) sum += weight[at + i]! * x[i]!;
      y[unit] = sum;
    }
    return y;
  }
}

/** Oja's rule on one unit: w += rate y (x - y w). */
export function oja(w: Float32Array, x: Float32Array, y: number, rate: number): void {
  for (let i = 0; i < w.length; i++) w[i] = w[i]! + rate * y * (x[i]! - y * w[i]!);
}

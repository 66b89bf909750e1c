import type { LayerTrace } from './backend.js';
import { boostFactors, targetDutyCycle } from './boosting.js';
import { BATCH_NORM_EPSILON, type LayerShape, type LayerTensors } from './model.js';
import { WinnerSelector } from './selection.js';
import { activationShape, tensorSize } from './shapes.js';

/** What one layer makes of one input. */
export interface LayerResult extends LayerTrace {
  readonly active: number;
  readonly multiplies: number;
}

/**
 * One layer of the reference forward pass. Weights are sorted by the input they multiply, so that a zero input costs nothing
 * and a missing weight costs nothing; that is also how multiplies are counted. Sums are kept in double precision; every
 * layer's values are rounded once, to the single precision that they are passed on in.
 *
 * Order: weights and bias, batch norm (running statistics), then activation and max-pool in the order that the layer names.
 */
export class ReferenceLayer {
  /**
   * Existing weights by input slot: (channel, kernel row, kernel column) of a convolution, the input's index of a linear layer.
   * Those of slot s stand at starts[s] to starts[s + 1].
   */
  private readonly starts: Uint32Array;
  private readonly units: Uint16Array;
  private readonly weights: Float32Array;
  private readonly scale: Float64Array;
  private readonly shift: Float64Array;
  private readonly boost: Float32Array | undefined;
  private readonly selector: WinnerSelector | undefined;
  /** `[position][unit]`. */
  private readonly sums: Float64Array;

  /** @param first the network's first layer, whose products are all counted: its input is a picture, not a sparse code */
  constructor(
    private readonly shape: LayerShape,
    tensors: LayerTensors,
    private readonly first: boolean,
  ) {
    const { channels, fanIn, spec } = shape;
    const exists = (index: number): boolean => (tensors.mask ? tensors.mask[index] !== 0 : true);
    this.starts = new Uint32Array(fanIn + 1);
    for (let slot = 0; slot < fanIn; slot++) {
      let count = 0;
      for (let unit = 0; unit < channels; unit++) if (exists(unit * fanIn + slot)) count++;
      this.starts[slot + 1] = this.starts[slot]! + count;
    }
    this.units = new Uint16Array(this.starts[fanIn]!);
    this.weights = new Float32Array(this.starts[fanIn]!);
    for (let slot = 0, at = 0; slot < fanIn; slot++) {
      for (let unit = 0; unit < channels; unit++) {
        if (!exists(unit * fanIn + slot)) continue;
        this.units[at] = unit;
        this.weights[at++] = tensors.weight[unit * fanIn + slot]!;
      }
    }
    this.scale = new Float64Array(channels).fill(1);
    this.shift = Float64Array.from(tensors.bias);
    if (tensors.mean && tensors.variance) {
      for (let unit = 0; unit < channels; unit++) {
        this.scale[unit] = 1 / Math.sqrt(tensors.variance[unit]! + BATCH_NORM_EPSILON);
        this.shift[unit] = (tensors.bias[unit]! - tensors.mean[unit]!) * this.scale[unit]!;
      }
    }
    const tensor = activationShape(shape);
    if (spec.activation.kind === 'kWinners') {
      const { boosting } = spec.activation;
      this.selector = new WinnerSelector(spec.activation, tensor);
      if (boosting.atInference && boosting.strength > 0 && tensors.dutyCycle) {
        this.boost = boostFactors(tensors.dutyCycle, targetDutyCycle(spec.activation, tensor), boosting.strength);
      }
    }
    this.sums = new Float64Array(channels * shape.height * shape.width);
  }

  run(input: Float32Array): LayerResult {
    const multiplies = this.shape.spec.type === 'conv' ? this.convolve(input) : this.multiply(input);
    const values = this.normalised();
    const { spec } = this.shape;
    const late = spec.type === 'conv' && !spec.activationBeforePool;
    const tensor = late ? this.pooled(values) : values;
    const activated = this.activate(tensor);
    const output = late ? tensor : this.pooled(tensor);
    return { ...activated, output, active: activated.winners.length, multiplies };
  }

  /** Adds every input's products to the output positions that its kernels reach; edges reach fewer. */
  private convolve(input: Float32Array): number {
    const { inputChannels, inputHeight, inputWidth, height, width, channels, spec } = this.shape;
    const kernel = spec.type === 'conv' ? spec.kernel : 1;
    this.sums.fill(0);
    let multiplies = 0;
    for (let c = 0, at = 0; c < inputChannels; c++) {
      for (let y = 0; y < inputHeight; y++) {
        for (let x = 0; x < inputWidth; x++, at++) {
          const value = input[at]!;
          if (value === 0 && !this.first) continue;
          const lastRow = Math.min(kernel - 1, y);
          const lastColumn = Math.min(kernel - 1, x);
          for (let ky = Math.max(0, y - height + 1); ky <= lastRow; ky++) {
            for (let kx = Math.max(0, x - width + 1); kx <= lastColumn; kx++) {
              const position = (y - ky) * width + (x - kx);
              multiplies += this.scatter((c * kernel + ky) * kernel + kx, value, position * channels);
            }
          }
        }
      }
    }
    return multiplies;
  }

  private multiply(input: Float32Array): number {
    this.sums.fill(0);
    let multiplies = 0;
    for (let i = 0; i < input.length; i++) {
      const value = input[i]!;
      if (value !== 0 || this.first) multiplies += this.scatter(i, value, 0);
    }
    return multiplies;
  }

  private scatter(slot: number, value: number, offset: number): number {
    const { units, weights, sums } = this;
    const start = this.starts[slot]!;
    const end = this.starts[slot + 1]!;
    if (end - start === this.shape.channels) {
      for (let i = start, to = offset; i < end; i++, to++) sums[to] = sums[to]! + value * weights[i]!;
    } else {
      for (let i = start; i < end; i++) sums[offset + units[i]!] = sums[offset + units[i]!]! + value * weights[i]!;
    }
    return end - start;
  }

  /** The layer's intermediate output `[channel][row][column]`, with bias and batch norm. */
  private normalised(): Float32Array {
    const { channels } = this.shape;
    const positions = this.shape.height * this.shape.width;
    const tensor = new Float32Array(channels * positions);
    for (let unit = 0; unit < channels; unit++) {
      const scale = this.scale[unit]!;
      const shift = this.shift[unit]!;
      for (let p = 0; p < positions; p++) tensor[unit * positions + p] = this.sums[p * channels + unit]! * scale + shift;
    }
    return tensor;
  }

  /** Applies the activation in place; returns the indices of the active units: the winners, or whatever is not zero. */
  private activate(tensor: Float32Array): Pick<LayerTrace, 'winners' | 'competing'> {
    const { activation } = this.shape.spec;
    if (this.selector) return this.keepWinners(tensor, this.selector);
    for (let i = 0; i < tensor.length; i++) {
      const value = tensor[i]!;
      if (value > 0) continue;
      if (activation.kind === 'relu') tensor[i] = 0;
      else if (activation.kind === 'leakyRelu') tensor[i] = value * activation.slope;
    }
    return { winners: nonZeroIndices(tensor) };
  }

  /** Winners are chosen on boosted values and keep their own; all others become zero. */
  private keepWinners(tensor: Float32Array, selector: WinnerSelector): Pick<LayerTrace, 'winners' | 'competing'> {
    const competing = Float32Array.from(tensor);
    if (this.boost) {
      const perChannel = tensor.length / this.boost.length;
      for (let i = 0; i < tensor.length; i++) competing[i] = tensor[i]! * this.boost[Math.floor(i / perChannel)]!;
    }
    const winners = selector.select(competing);
    const values = Float32Array.from(winners, (i) => tensor[i]!);
    tensor.fill(0);
    for (let i = 0; i < winners.length; i++) tensor[winners[i]!] = values[i]!;
    return { winners, competing };
  }

  /** Max-pool with stride equal to its side; rows and columns that do not fill a window are left out. */
  private pooled(tensor: Float32Array): Float32Array {
    const { spec, channels, height, width, outputHeight, outputWidth } = this.shape;
    const pool = spec.type === 'conv' ? spec.pool : 1;
    if (pool === 1) return tensor;
    const output = new Float32Array(channels * outputHeight * outputWidth);
    for (let c = 0, at = 0; c < channels; c++) {
      for (let y = 0; y < outputHeight; y++) {
        for (let x = 0; x < outputWidth; x++, at++) {
          let largest = -Infinity;
          for (let py = 0; py < pool; py++) {
            const row = (c * height + y * pool + py) * width + x * pool;
            for (let px = 0; px < pool; px++) if (tensor[row + px]! > largest) largest = tensor[row + px]!;
          }
          output[at] = largest;
        }
      }
    }
    return output;
  }

  /** Units that could be active. */
  get size(): number {
    return tensorSize(activationShape(this.shape));
  }
}

function nonZeroIndices(tensor: Float32Array): Uint32Array {
  const indices = new Uint32Array(tensor.length);
  let count = 0;
  for (let i = 0; i < tensor.length; i++) if (tensor[i] !== 0) indices[count++] = i;
  return indices.slice(0, count);
}

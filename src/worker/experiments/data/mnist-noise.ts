import { MNIST_DEVIATION, MNIST_MEAN } from './mnist.js';

/** The value that noise sets pixels to, in [0, 1]: two deviations above the mean (paper, section 4.1). */
export const MNIST_NOISE_PIXEL = MNIST_MEAN + 2 * MNIST_DEVIATION;

/** Sets exactly floor(pixels x eta) randomly chosen pixels of an image near white; returns a new image. */
export function addPixelNoise(image: Float32Array, eta: number, random: () => number): Float32Array {
  const noisy = image.slice();
  let missing = Math.floor(image.length * eta);
  for (let i = 0; i < noisy.length && missing > 0; i++) {
    if (random() * (noisy.length - i) < missing) {
      noisy[i] = MNIST_NOISE_PIXEL;
      missing--;
    }
  }
  return noisy;
}

/** (pixel - mean) / deviation, as the published networks take it. */
export function normalisePixels(inputs: Float32Array): Float32Array {
  return inputs.map((pixel) => (pixel - MNIST_MEAN) / MNIST_DEVIATION);
}

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WinnowError } from '../../../shared/errors.js';
import { parseIsolet, readIsolet } from './isolet.js';
import { subset } from './labelled-set.js';
import { parseIdx, readMnist } from './mnist.js';
import { addPixelNoise, MNIST_NOISE_PIXEL } from './mnist-noise.js';

const DATA = process.env.WINNOW_DATA ?? resolve('../shared/data');

function idx(pixels: number[], labels: number[]): [Buffer, Buffer] {
  const images = Buffer.alloc(16 + pixels.length);
  [0x803, labels.length, 28, 28].forEach((word, i) => images.writeUInt32BE(word, i * 4));
  images.set(pixels, 16);
  const answers = Buffer.alloc(8 + labels.length);
  [0x801, labels.length].forEach((word, i) => answers.writeUInt32BE(word, i * 4));
  answers.set(labels, 8);
  return [images, answers];
}
const blank = Array<number>(784).fill(0);

describe('idx files', () => {
  it('give pixels in [0, 1] and their labels', () => {
    const [images, labels] = idx([255, ...blank.slice(1)], [7]);
    const set = parseIdx('i', images, 'l', labels);
    expect([set.inputs[0], set.inputs[1], set.targets[0], set.count]).toEqual([1, 0, 7, 1]);
  });

  it('are refused when cut, mislabelled or of another kind', () => {
    const [images, labels] = idx(blank, [3]);
    expect(() => parseIdx('i', images.subarray(0, 500), 'l', labels)).toThrow(/length/);
    expect(() => parseIdx('i', labels, 'l', labels)).toThrow(/no idx file of images/);
    expect(() => parseIdx('i', ...(idx(blank, [12]).slice(0, 1) as [Buffer]), 'l', idx(blank, [12])[1])).toThrow(/not a digit/);
  });

  it('never fail other than with a reason', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 900 }), fc.uint8Array({ maxLength: 40 }), (a, b) => {
        expect(() => parseIdx('i', Buffer.from(a), 'l', Buffer.from(b))).toThrow(WinnowError);
      }),
    );
  });
});

describe('ISOLET rows', () => {
  const row = (label: string) => [...Array<string>(617).fill('-0.5'), label].join(', ');

  it('count from the first, with classes printed either way', () => {
    const set = parseIsolet('f', `${row('1')}\n${row('26.')}\n`);
    expect([set.count, ...set.targets]).toEqual([2, 0, 25]);
  });

  it('are refused with the place that is wrong', () => {
    expect(() => parseIsolet('f', row('27'))).toThrow(/class 27/);
    expect(() => parseIsolet('f', '1,2,3')).toThrow(/row 1 has 3 fields/);
    expect(() => parseIsolet('f', row('A'))).toThrow(/field 618 of row 1/);
    expect(() => parseIsolet('f', '')).toThrow(WinnowError);
  });
});

it('noise sets exactly floor(784 eta) pixels', () => {
  const image = new Float32Array(784);
  let state = 1;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const noisy = addPixelNoise(image, 0.35, random);
  expect(noisy.filter((pixel) => pixel === Math.fround(MNIST_NOISE_PIXEL)).length).toBe(274);
  expect(MNIST_NOISE_PIXEL).toBeCloseTo(0.7469, 6);
});

it('subsets keep inputs and classes together', () => {
  const set = { inputs: Float32Array.from([1, 2, 3, 4, 5, 6]), targets: Int32Array.from([0, 1, 2]), count: 3, classes: 3 };
  const some = subset(set, Uint32Array.from([2, 0]));
  expect([[...some.inputs], [...some.targets]]).toEqual([
    [5, 6, 1, 2],
    [2, 0],
  ]);
});

describe.skipIf(!existsSync(DATA))('the real sets', () => {
  it('have their published sizes', () => {
    const mnist = readMnist(DATA);
    expect([mnist.train.count, mnist.test.count]).toEqual([60_000, 10_000]);
    const isolet = readIsolet(DATA);
    expect([isolet.train.count, isolet.test.count, isolet.partial]).toEqual([1560, 1559, true]);
  });
});

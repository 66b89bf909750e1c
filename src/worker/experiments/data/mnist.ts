import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { WinnowError } from '../../../shared/errors.js';
import { badDataFile, type LabelledSet, readMaybeGzipped } from './labelled-set.js';

export const MNIST_SIDE = 28;
const PIXELS = MNIST_SIDE * MNIST_SIDE;
const CLASSES = 10;
const IMAGES_MAGIC = 0x00000803;
const LABELS_MAGIC = 0x00000801;
const IMAGES_HEADER_BYTES = 16;
const LABELS_HEADER_BYTES = 8;
const IMAGES_MAX = 1_000_000;

/** Mean and deviation of the training pixels in [0, 1]: the published normalisation. */
export const MNIST_MEAN = 0.1307;
export const MNIST_DEVIATION = 0.3081;

/**
 * Reads the four idx files of MNIST (gzipped or not) from a folder, or from its `mnist` folder.
 * Pixels are in [0, 1], not normalised: noise is defined on them (see `mnist-noise.ts`).
 */
export function readMnist(folder: string): { train: LabelledSet; test: LabelledSet; hash: string } {
  const read = (name: string) => {
    const places = [join(folder, name), join(folder, 'mnist', name)];
    const found = readMaybeGzipped(places.flatMap((place) => [`${place}.gz`, place]));
    if (!found) throw new WinnowError('experiment-no-data', { what: name, folder });
    return found;
  };
  const hash = createHash('sha256');
  const part = (prefix: string): LabelledSet => {
    const images = read(`${prefix}-images-idx3-ubyte`);
    const labels = read(`${prefix}-labels-idx1-ubyte`);
    hash.update(images.sha256).update(labels.sha256);
    return parseIdx(images.file, images.bytes, labels.file, labels.bytes);
  };
  const sets = { train: part('train'), test: part('t10k') };
  return { ...sets, hash: hash.digest('hex') };
}

/** One pair of idx files: images `[sample][28][28]` of bytes and a byte of label each. */
export function parseIdx(imagesFile: string, images: Buffer, labelsFile: string, labels: Buffer): LabelledSet {
  if (images.length < IMAGES_HEADER_BYTES || images.readUInt32BE(0) !== IMAGES_MAGIC) {
    throw badDataFile(imagesFile, 'it is no idx file of images');
  }
  if (labels.length < LABELS_HEADER_BYTES || labels.readUInt32BE(0) !== LABELS_MAGIC) {
    throw badDataFile(labelsFile, 'it is no idx file of labels');
  }
  const count = images.readUInt32BE(4);
  const [rows, columns] = [images.readUInt32BE(8), images.readUInt32BE(12)];
  if (rows !== MNIST_SIDE || columns !== MNIST_SIDE) throw badDataFile(imagesFile, `its images are ${rows} x ${columns}`);
  if (count === 0 || count > IMAGES_MAX || images.length !== IMAGES_HEADER_BYTES + count * PIXELS) {
    throw badDataFile(imagesFile, `its length does not fit ${count} images`);
  }
  if (labels.readUInt32BE(4) !== count || labels.length !== LABELS_HEADER_BYTES + count) {
    throw badDataFile(labelsFile, `its length does not fit ${count} labels`);
  }
  const inputs = new Float32Array(count * PIXELS);
  for (let i = 0; i < inputs.length; i++) inputs[i] = images[IMAGES_HEADER_BYTES + i]! / 255;
  const targets = Int32Array.from(labels.subarray(LABELS_HEADER_BYTES));
  const wrong = targets.findIndex((label) => label >= CLASSES);
  if (wrong >= 0) throw badDataFile(labelsFile, `label ${wrong} is ${targets[wrong]}, not a digit`);
  return { inputs, targets, count, classes: CLASSES };
}

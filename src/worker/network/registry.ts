import { mkdir, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { z } from 'zod';
import type { ModelSummary } from '../../shared/contract.js';
import { WinnowError, type ErrorReport } from '../../shared/errors.js';
import { writeFileAtomically } from '../atomic-file.js';
import { resourcesFolder, winnowHome } from '../places.js';
import { modelNonZeros } from './counts.js';
import { decodeModel, encodeModel, MODEL_FILE_EXTENSION, readModelBytes, writeFailure, type StoredModel } from './model-file.js';
import type { Model } from './model.js';
import type { WeightPrecision } from './model-tensors.js';

/** The model that hears while nobody has chosen another. */
export const DEFAULT_MODEL_ID = 'commands';
const MODEL_FILE = `model${MODEL_FILE_EXTENSION}`;
const ACTIVE_FILE = 'active-model.json';
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const USER_ID = /^(?<name>[A-Za-z0-9][A-Za-z0-9._-]{0,63})@(?<version>[1-9][0-9]{0,8})$/;
/** Attempts to take the next version while others do the same. */
const PUBLISH_ATTEMPTS = 100;

const Active = z.strictObject({ version: z.literal(1), id: z.string().min(1).max(256) });

/** A model and where it came from. */
export interface OpenedModel extends StoredModel {
  /** `commands` for one that ships, `name@version` for one of the user's, the path for a file. */
  readonly id: string;
  readonly path: string;
  readonly shipped: boolean;
}

export interface ModelListing {
  readonly models: readonly ModelSummary[];
  /** Files that are there but cannot be used. */
  readonly problems: readonly { readonly id: string; readonly error: ErrorReport }[];
}

interface Entry {
  readonly id: string;
  readonly path: string;
  readonly shipped: boolean;
}

/**
 * The models of this computer: those that ship (`NAME.safetensors` in the resources) and the user's own
 * (`models/NAME/VERSION/model.safetensors` in Winnow's home). A version, once made, never changes, and its number is never
 * given again; `active-model.json` points at the one in use.
 */
export class ModelRegistry {
  private readonly summaries = new Map<string, { readonly state: string; readonly summary: ModelSummary }>();

  constructor(
    private readonly shippedFolder: string = join(resourcesFolder(), 'models'),
    private readonly home: string = winnowHome(),
  ) {}

  /** Shipped ones first, then the user's by name, newest version first. */
  async list(): Promise<ModelListing> {
    const models: ModelSummary[] = [];
    const problems: { id: string; error: ErrorReport }[] = [];
    for (const entry of [...(await this.shipped()), ...(await this.own())]) {
      try {
        models.push(await this.summary(entry));
      } catch (error) {
        problems.push({ id: entry.id, error: WinnowError.from(error).report() });
      }
    }
    return { models, problems };
  }

  /**
   * Loads a model and checks it whole.
   * @param reference an id, a name (one that ships, else the user's newest version), or a path; the active model without one
   * @throws WinnowError `model-unknown`, and whatever reading a model file throws
   */
  async open(reference?: string): Promise<OpenedModel> {
    const entry = await this.find(reference ?? (await this.activeId()));
    return { ...decodeModel(await readModelBytes(entry.path)), ...entry };
  }

  /** @throws WinnowError as `open` does */
  async summaryOf(reference?: string): Promise<ModelSummary> {
    return this.summary(await this.find(reference ?? (await this.activeId())));
  }

  async activeId(): Promise<string> {
    try {
      return Active.parse(JSON.parse(await readFile(join(this.home, ACTIVE_FILE), 'utf8'))).id;
    } catch {
      // Not there yet, or damaged: the choice is lost, the program is not.
      return DEFAULT_MODEL_ID;
    }
  }

  /** Makes a model the active one, after checking that it can be used. @returns its id */
  async use(reference: string): Promise<string> {
    const { id, path } = await this.open(reference);
    const chosen = isPath(reference) ? resolve(path) : id;
    const file = join(this.home, ACTIVE_FILE);
    try {
      await writeFileAtomically(file, JSON.stringify({ version: 1, id: chosen }) + '\n');
    } catch (error) {
      throw writeFailure(file, error);
    }
    return chosen;
  }

  /**
   * Takes a model file in as a new version, unchanged.
   * @param name under which it is kept; the model's own name, its odd characters replaced, unless given
   * @returns the new id, or that of an earlier version with the same contents
   * @throws WinnowError `model-name`, `model-disk-full`, `model-write`, and whatever `decodeModel` throws
   */
  async import(bytes: Uint8Array, name?: string): Promise<string> {
    const { model, sha256 } = decodeModel(bytes);
    const kept = name ?? plainName(model.name);
    if (!NAME.test(kept)) throw new WinnowError('model-name', { name: kept });
    for (const entry of (await this.own()).filter(({ id }) => id.startsWith(`${kept}@`))) {
      const same = await readModelBytes(entry.path).then(decodeModel, () => undefined);
      if (same?.sha256 === sha256) return entry.id;
    }
    return this.publish(kept, bytes);
  }

  /** Keeps a model as a new version: what every training run ends with. @returns its id */
  async add(model: Model, name?: string, precision: WeightPrecision = 'f32'): Promise<string> {
    return this.import(encodeModel(model, precision), name);
  }

  /** @throws WinnowError `model-unknown`, `model-shipped`, `model-active` */
  async delete(id: string): Promise<void> {
    const entry = await this.find(id);
    if (entry.shipped) throw new WinnowError('model-shipped', { id });
    if (!USER_ID.test(entry.id)) throw new WinnowError('model-unknown', { id });
    const active = await this.activeId();
    if (entry.id === active || (await this.find(active).catch(() => undefined))?.id === entry.id) {
      throw new WinnowError('model-active', { id: entry.id });
    }
    // The version's empty folder stays, so that its number is never given again.
    await rm(entry.path);
  }

  private async publish(name: string, bytes: Uint8Array): Promise<string> {
    const folder = join(this.home, 'models', name);
    try {
      await mkdir(folder, { recursive: true });
      for (let attempt = 0; attempt < PUBLISH_ATTEMPTS; attempt++) {
        const version = 1 + Math.max(0, ...(await versions(folder)));
        const place = join(folder, String(version));
        if (!(await reserve(place))) continue;
        try {
          await writeFileAtomically(join(place, MODEL_FILE), bytes);
        } catch (error) {
          await rmdir(place);
          throw error;
        }
        return `${name}@${version}`;
      }
      throw new Error('other programs keep taking its version number');
    } catch (error) {
      throw writeFailure(folder, error);
    }
  }

  private async find(reference: string): Promise<Entry> {
    if (isPath(reference)) return { id: reference, path: reference, shipped: false };
    const shipped = (await this.shipped()).find(({ id }) => id === reference);
    if (shipped) return shipped;
    const own = (await this.own()).find(({ id }) => id === reference || id.startsWith(`${reference}@`));
    if (!own) throw new WinnowError('model-unknown', { id: reference });
    return own;
  }

  private async shipped(): Promise<Entry[]> {
    const files = (await readdir(this.shippedFolder).catch(() => [])).filter((file) => file.endsWith(MODEL_FILE_EXTENSION));
    return files.sort().map((file) => ({
      id: file.slice(0, -MODEL_FILE_EXTENSION.length),
      path: join(this.shippedFolder, file),
      shipped: true,
    }));
  }

  private async own(): Promise<Entry[]> {
    const root = join(this.home, 'models');
    const entries: Entry[] = [];
    const names = (await readdir(root).catch(() => [])).filter((name) => NAME.test(name)).sort();
    for (const name of names) {
      for (const version of (await versions(join(root, name))).sort((a, b) => b - a)) {
        const path = join(root, name, String(version), MODEL_FILE);
        if (await stat(path).catch(() => undefined)) entries.push({ id: `${name}@${version}`, path, shipped: false });
      }
    }
    return entries;
  }

  private async summary({ id, path, shipped }: Entry): Promise<ModelSummary> {
    const file = await stat(path).catch(() => undefined);
    const state = `${path} ${file?.size} ${file?.mtimeMs}`;
    const known = this.summaries.get(id);
    if (known?.state === state) return known.summary;
    const summary = summarise(id, shipped, decodeModel(await readModelBytes(path)));
    this.summaries.set(id, { state, summary });
    return summary;
  }
}

const Card = z.object({
  test: z.object({
    n: z.number().nullish(),
    accuracy: z.number().nullish(),
    noise: z.object({ eta: z.array(z.number()), accuracy: z.array(z.number()) }).nullish(),
  }),
});

const Recipe = z.object({
  recipe: z.object({ augmentation: z.object({ noise: z.object({ whiteShare: z.number(), realShare: z.number() }) }) }),
});
const Cost = z.object({ cost: z.object({ multiplies: z.array(z.number()) }) });

/** What a list shows of a model. */
export function summarise(id: string, shipped: boolean, { model, bytes }: StoredModel): ModelSummary {
  const test = Card.safeParse(model.report).data?.test;
  const noise = Recipe.safeParse(model.report).data?.recipe.augmentation.noise;
  const cost = Cost.safeParse(model.report).data?.cost;
  return {
    id,
    name: model.name,
    shipped,
    labels: model.labels,
    spec: model.spec,
    nonZeros: modelNonZeros(model),
    bytes,
    ...(model.decision ? { decision: model.decision } : {}),
    card: {
      ...(typeof test?.accuracy === 'number' ? { testAccuracy: test.accuracy } : {}),
      ...(typeof test?.n === 'number' ? { testClips: test.n } : {}),
      ...(test?.noise ? { noise: test.noise } : {}),
      ...(cost ? { multiplies: cost.multiplies.reduce((sum, some) => sum + some, 0) } : {}),
      ...(noise ? { trainedWithNoise: noise.whiteShare + noise.realShare > 0 } : {}),
    },
  };
}

function isPath(reference: string): boolean {
  return reference.endsWith(MODEL_FILE_EXTENSION) || reference.includes('/') || reference.includes(sep) || isAbsolute(reference);
}

function plainName(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'model';
}

async function versions(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => /^[1-9][0-9]{0,8}$/.test(name)).map(Number);
}

/** Making a folder either succeeds for exactly one program or fails because it is there. */
async function reserve(place: string): Promise<boolean> {
  try {
    await mkdir(place);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import type { ModelSummary } from '../shared/contract.js';
import { WinnowError } from '../shared/errors.js';
import { writeFileAtomically } from '../worker/atomic-file.js';
import { modelNonZeros } from '../worker/network/counts.js';
import { encodeModel, readModelBytes, writeFailure } from '../worker/network/model-file.js';
import { exportOnnx } from '../worker/network/onnx-export.js';
import { ModelRegistry, type OpenedModel } from '../worker/network/registry.js';
import { denseMultiplies, layerShapes } from '../worker/network/shapes.js';
import { modelCard } from '../worker/training/model-card.js';
import { choiceOption, integerOption, parseArguments, usageError } from './arguments.js';
import type { Command } from './command.js';
import { VERIFY_CLIPS, VERIFY_CLIPS_MAX, verifyModel } from './model-verify.js';

const FORMATS = ['onnx', 'safetensors'] as const;
const PRECISIONS = ['f32', 'f16'] as const;

const usage = `winnow model list                     the models that ship and your own; "*" marks the active one
winnow model show [MODEL]             everything about one: network, labels, features, decision, report
winnow model card [MODEL]             its card in Markdown: how it was trained, and what it scored
winnow model use MODEL                make it the active model
winnow model import FILE [--name N]   take a model file in as a new version
winnow model export [MODEL] --out F   write it as a dense ONNX graph, or as a model file
winnow model verify [MODEL]           check the file, and that all back ends of this computer agree on it
winnow model delete MODEL             delete a model of your own

MODEL is a name from the list (of your own models the newest version, or NAME@VERSION), or the path of a model file; without it
the active model.

  --name N          name of the imported model (its own)
  --out FILE        where the export goes
  --format F        ${FORMATS.join(', ')} (from the ending of FILE)
  --precision P     ${PRECISIONS.join(', ')}: of the weights in an exported model file (f32)
  --force           replace FILE if it is there
  --clips DIR       verify: on the WAV and FLAC files below this folder (the clips that ship)
  --count N         verify: at most so many of them, evenly picked (${VERIFY_CLIPS})
  --json            list: an object per model {id, name, shipped, active, labels, nonZeros, bytes, card}
                    show: {id, name, shipped, active, path, sha256, bytes, labels, features, spec, layers, nonZeros, decision,
                    report}
                    card: {id, markdown}
                    use, import, delete: {id}; export: {id, path, format, bytes}
                    verify: {id, sha256, clips, backends[{backend, detail, windows, agrees, logitDifference, swaps,
                    windowsWithSwaps, differences} or {backend, problem}]}`;

const OPTIONS = {
  name: { type: 'string' },
  out: { type: 'string' },
  format: { type: 'string' },
  precision: { type: 'string' },
  force: { type: 'boolean' },
  clips: { type: 'string' },
  count: { type: 'string' },
  json: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parseArguments<typeof OPTIONS>>['values'];

/** What a subcommand needs: its argument, where it takes one, and the options. */
interface Call {
  readonly registry: ModelRegistry;
  readonly argument: string | undefined;
  readonly values: Values;
}

interface Subcommand {
  readonly options: readonly (keyof typeof OPTIONS)[];
  readonly argument: 'none' | 'optional' | 'needed';
  run(call: Call): Promise<void>;
}

const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  list: { options: [], argument: 'none', run: list },
  show: { options: [], argument: 'optional', run: show },
  card: { options: [], argument: 'optional', run: card },
  use: { options: [], argument: 'needed', run: use },
  import: { options: ['name'], argument: 'needed', run: importFile },
  export: { options: ['out', 'format', 'precision', 'force'], argument: 'optional', run: exportFile },
  verify: { options: ['clips', 'count'], argument: 'optional', run: verify },
  delete: { options: [], argument: 'needed', run: remove },
};

export const command: Command = {
  name: 'model',
  summary: 'List, choose, import, export and verify models',
  usage,
  async run(args) {
    const { values, positionals } = parseArguments('model', args, OPTIONS);
    const [name, argument, extra] = positionals;
    const known = Object.keys(SUBCOMMANDS).join(', ');
    if (name === undefined) throw usageError('model', `say what to do: ${known}`);
    if (!Object.hasOwn(SUBCOMMANDS, name)) throw usageError('model', `there is no "model ${name}"; there are ${known}`);
    const subcommand = SUBCOMMANDS[name]!;
    if (extra !== undefined) throw usageError('model', `"${extra}" is one argument too many`);
    if (argument !== undefined && subcommand.argument === 'none') throw usageError('model', `"model ${name}" takes no argument`);
    if (argument === undefined && subcommand.argument === 'needed') throw usageError('model', `"model ${name}" needs a model`);
    for (const option of Object.keys(values) as (keyof Values)[]) {
      const allowed = option === 'json' || subcommand.options.includes(option);
      if (!allowed) throw usageError('model', `--${option} does not belong to "model ${name}"`);
    }
    await subcommand.run({ registry: new ModelRegistry(), argument, values });
  },
};

async function list({ registry, values }: Call): Promise<void> {
  const active = await registry.activeId();
  const { models, problems } = await registry.list();
  for (const model of models) {
    const isActive = model.id === active;
    const { id, name, shipped, labels, nonZeros, bytes, card } = model;
    if (values.json) print({ id, name, shipped, active: isActive, labels, nonZeros, bytes, card });
    else process.stdout.write(`${isActive ? '*' : ' '} ${line(model)}\n`);
  }
  for (const { id, error } of problems) {
    process.stderr.write(`${values.json ? JSON.stringify({ id, error }) : `problem [${error.code}] ${id}: ${error.cause}`}\n`);
  }
}

function line({ id, nonZeros, bytes, card, labels, shipped }: ModelSummary): string {
  const accuracy = card.testAccuracy === undefined ? 'not tested' : `${percent(card.testAccuracy)} of test words`;
  const curve = card.noise?.accuracy ?? [];
  const noise = curve.length === 0 ? '' : `, ${percent(curve.reduce((sum, value) => sum + value, 0) / curve.length)} in noise`;
  const size = `${nonZeros.toLocaleString('en')} non-zeros, ${(bytes / 1e6).toFixed(2)} MB`;
  return `${id.padEnd(24)} ${labels.length} labels, ${size}, ${accuracy}${noise}${shipped ? '' : ' (yours)'}`;
}

async function show({ registry, argument, values }: Call): Promise<void> {
  const opened = await registry.open(argument);
  const about = describe(opened, opened.id === (await registry.activeId()));
  if (values.json) return print(about);
  const { id, name, path, sha256, bytes, labels, nonZeros, layers, features, decision, report } = about;
  const rows = layers.map(
    ({ name: layer, type, units, weights, denseWeights, activation }) =>
      `  ${layer.padEnd(10)} ${type.padEnd(7)} ${String(units).padStart(5)} units  ${weights.toLocaleString('en').padStart(9)} of ` +
      `${denseWeights.toLocaleString('en').padStart(9)} weights  ${activation}`,
  );
  const texts = [
    `${id} (${name})`,
    `file      ${path}, ${bytes} bytes, sha256 ${sha256}`,
    `labels    ${labels.join(', ')}`,
    `network   ${nonZeros.toLocaleString('en')} non-zero parameters`,
    ...rows,
    `features  ${JSON.stringify(features)}`,
    `decision  ${decision ? JSON.stringify(decision) : 'suggests none'}`,
    `report    ${report ? JSON.stringify(report, null, 2).replaceAll('\n', '\n          ') : 'none'}`,
  ];
  process.stdout.write(`${texts.join('\n')}\n`);
}

function describe({ id, path, shipped, sha256, bytes, model }: OpenedModel, active: boolean) {
  const { name, spec, labels, features, decision, report } = model;
  const layers = layerShapes(spec).map((shape, i) => {
    const { weight, mask } = model.layers[i]!;
    return {
      name: shape.spec.name,
      type: shape.spec.type,
      units: shape.channels,
      weights: mask ? mask.reduce((sum, bit) => sum + bit, 0) : weight.length,
      denseWeights: weight.length,
      denseMultiplies: denseMultiplies(shape),
      activation: shape.spec.activation.kind,
    };
  });
  const nonZeros = modelNonZeros(model);
  return {
    id,
    name,
    shipped,
    active,
    path,
    sha256,
    bytes,
    labels,
    features,
    spec,
    layers,
    nonZeros,
    ...(decision ? { decision } : {}),
    ...(report ? { report } : {}),
  };
}

async function card({ registry, argument, values }: Call): Promise<void> {
  const { id, model } = await registry.open(argument);
  const markdown = modelCard(model);
  if (values.json) print({ id, markdown });
  else process.stdout.write(markdown);
}

async function use({ registry, argument, values }: Call): Promise<void> {
  done(values, await registry.use(argument!), 'is the active model');
}

async function importFile({ registry, argument, values }: Call): Promise<void> {
  const id = await registry.import(await readModelBytes(argument!), values.name);
  done(values, id, 'is among the models; "winnow model use" makes it the active one');
}

async function remove({ registry, argument, values }: Call): Promise<void> {
  // What was deleted is named in full: a bare name stands for its newest version.
  const { id } = await registry.summaryOf(argument!);
  await registry.delete(id);
  done(values, id, 'is deleted');
}

async function exportFile({ registry, argument, values }: Call): Promise<void> {
  const { out } = values;
  if (out === undefined) throw usageError('model', '--out is missing');
  const format = choiceOption('model', 'format', values.format ?? extname(out).slice(1), FORMATS);
  const precision = choiceOption('model', 'precision', values.precision ?? 'f32', PRECISIONS);
  if (format === 'onnx' && values.precision !== undefined) throw usageError('model', '--precision belongs to safetensors');
  const { id, model } = await registry.open(argument);
  if (!values.force && (await stat(out).catch(() => undefined))) throw new WinnowError('model-exists', { path: out });
  const bytes = format === 'onnx' ? exportOnnx(model) : encodeModel(model, precision);
  try {
    await writeFileAtomically(out, bytes);
  } catch (error) {
    throw writeFailure(out, error);
  }
  if (values.json) print({ id, path: out, format, bytes: bytes.length });
  else process.stdout.write(`${id} written to ${out} (${format}, ${bytes.length} bytes)\n`);
}

async function verify({ registry, argument, values }: Call): Promise<void> {
  const count = integerOption('model', 'count', values.count ?? String(VERIFY_CLIPS), 1, VERIFY_CLIPS_MAX);
  const { id, sha256, model } = await registry.open(argument);
  const { clips, backends } = await verifyModel(model, values.clips, count);
  if (values.json) {
    print({ id, sha256, clips, backends });
  } else {
    process.stdout.write(`${id}: the file is whole, sha256 ${sha256}\n`);
    for (const result of backends) {
      if ('problem' in result) {
        process.stdout.write(`  ${result.backend.padEnd(9)} not run: ${result.problem.cause}\n`);
        continue;
      }
      const { backend, detail, agrees, windows, logitDifference, swaps, windowsWithSwaps, differences } = result;
      process.stdout.write(
        `  ${backend.padEnd(9)} ${agrees ? 'agrees' : 'DISAGREES'} with the reference on ${windows} windows: ` +
          `logits within ${logitDifference.toExponential(1)} of the largest, ${differences} winners differ, ` +
          `${swaps} near-ties swapped in ${windowsWithSwaps} windows (${detail})\n`,
      );
    }
  }
  const wrong = backends.filter((result) => 'agrees' in result && !result.agrees).map(({ backend }) => backend);
  if (wrong.length > 0)
    throw new WinnowError('model-disagrees', { id, reason: `${wrong.join(' and ')} and the reference differ` });
}

function done({ json }: Values, id: string, what: string): void {
  if (json) print({ id });
  else process.stdout.write(`${id} ${what}\n`);
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}

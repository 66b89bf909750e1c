// Makes test/fixtures/flac/*.flac with the reference encoder ("flac"), from sounds that the test makes again and compares.
//   node scripts/flac-fixtures.mjs
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../test/fixtures/flac/', import.meta.url));
mkdirSync(folder, { recursive: true });

/** A decaying sweep in the first channel, its half with a little noise in the second. */
function sample(i, channel, bits) {
  const sweep = Math.sin(i * i * 1e-4) * Math.exp(-i / 3000);
  const noise = ((i * 7919) % 101) / 101 - 0.5;
  return Math.round((channel === 0 ? 0.8 * sweep : 0.4 * sweep + 0.05 * noise) * (2 ** (bits - 1) - 1));
}

function make(name, { bits, rate, channels, length, options, of = sample }) {
  const width = bits / 8;
  const pcm = Buffer.alloc(length * channels * width);
  for (let i = 0; i < length; i++) {
    for (let c = 0; c < channels; c++) pcm.writeIntLE(of(i, c, bits), (i * channels + c) * width, width);
  }
  const format = ['--force-raw-format', '--endian=little', '--sign=signed', `--channels=${channels}`, `--bps=${bits}`];
  const done = spawnSync(
    'flac',
    ['--silent', '--force', ...format, `--sample-rate=${rate}`, ...options, '-o', `${folder}${name}.flac`, '-'],
    { input: pcm, encoding: 'buffer' },
  );
  if (done.status !== 0) throw new Error(`flac: ${done.stderr ?? done.error}`);
}

make('mono-16', { bits: 16, rate: 16000, channels: 1, length: 4000, options: ['-8', '--no-padding', '--blocksize=1024'] });
make('stereo-24', { bits: 24, rate: 48000, channels: 2, length: 3000, options: ['-8', '--no-padding', '--blocksize=1000'] });
make('fixed-8', { bits: 8, rate: 8000, channels: 1, length: 2000, options: ['-0', '--no-padding'] });
make('stereo-44k', { bits: 16, rate: 44100, channels: 2, length: 3000, options: ['-5', '--no-padding', '--no-mid-side'] });
// Constant subframes, then wasted bits.
make('silence', { bits: 16, rate: 16000, channels: 1, length: 5000, options: ['-5', '--no-padding'], of: () => 0 });
make('wasted', {
  bits: 16,
  rate: 16000,
  channels: 1,
  length: 2000,
  options: ['-5', '--no-padding'],
  of: (i) => sample(i, 0, 12) * 16,
});
// Noise that cannot be predicted: verbatim subframes.
make('verbatim', {
  bits: 16,
  rate: 16000,
  channels: 1,
  length: 600,
  options: ['-5', '--no-padding'],
  of: (i) => (Math.imul(i + 1, 2654435761) >>> 16) - 32768,
});

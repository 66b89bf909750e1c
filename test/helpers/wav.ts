const RATE_HZ = 16_000;
const HEADER_BYTES = 44;

/** A mono 16 kHz 16-bit WAV file of samples in [-1, 1]. */
export function wavOf(samples: Float32Array): Buffer {
  const wav = Buffer.alloc(HEADER_BYTES + 2 * samples.length);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(RATE_HZ, 24);
  wav.writeUInt32LE(2 * RATE_HZ, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(2 * samples.length, 40);
  samples.forEach((value, n) => wav.writeInt16LE(Math.round(Math.max(-1, Math.min(1, value)) * 32767), HEADER_BYTES + 2 * n));
  return wav;
}

export function sineWav({ seconds, hertz, amplitude }: { seconds: number; hertz: number; amplitude: number }): Buffer {
  const samples = new Float32Array(seconds * RATE_HZ);
  return wavOf(samples.map((_, n) => amplitude * Math.sin((2 * Math.PI * hertz * n) / RATE_HZ)));
}

/** The samples of a mono 16 kHz 16-bit WAV file with the plain header. */
export function samplesOf(wav: Buffer): Float32Array {
  const data = wav.indexOf('data', 12, 'latin1') + 8;
  const samples = new Float32Array(Math.floor((wav.length - data) / 2));
  return samples.map((_, n) => wav.readInt16LE(data + 2 * n) / 32768);
}

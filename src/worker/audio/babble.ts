import { SAMPLE_RATE_HZ } from '../../shared/features.js';
import { Random } from '../training/random.js';

/** People who talk at once: enough that no word stands out. */
const VOICES = 8;
/** First three formants of nine vowels in Hz (Peterson and Barney 1952, men). */
const VOWELS: readonly (readonly [number, number, number])[] = [
  [270, 2290, 3010],
  [390, 1990, 2550],
  [530, 1840, 2480],
  [660, 1720, 2410],
  [730, 1090, 2440],
  [570, 840, 2410],
  [440, 1020, 2240],
  [300, 870, 2240],
  [640, 1190, 2390],
];
const FORMANT_BANDWIDTHS_HZ = [70, 100, 150];
const CONSONANT_HZ_LOW = 2500;
const CONSONANT_HZ_HIGH = 6000;
/** Of the glottis, once a period; some breath goes with it. */
const PULSE = 6;
/** Against the vowels, so that the long-term spectrum falls as that of speech does. */
const HISS_LOUDNESS = 0.12;

/** A resonance of unit gain at its peak, roughly: a two-pole filter. */
class Resonator {
  private a = 0;
  private b = 0;
  private gain = 0;
  private last = 0;
  private beforeLast = 0;

  tune(hz: number, bandwidthHz: number): void {
    const radius = Math.exp((-Math.PI * bandwidthHz) / SAMPLE_RATE_HZ);
    const angle = (2 * Math.PI * hz) / SAMPLE_RATE_HZ;
    this.a = 2 * radius * Math.cos(angle);
    this.b = -radius * radius;
    this.gain = (1 - radius) * Math.sqrt(1 - 2 * radius * Math.cos(2 * angle) + radius * radius);
  }

  next(input: number): number {
    const out = this.gain * input + this.a * this.last + this.b * this.beforeLast;
    this.beforeLast = this.last;
    this.last = out;
    return out;
  }
}

/** A formant synthesiser that says vowels and hisses in a row: not words, but with the rhythm and spectrum of a voice. */
class Voice {
  private readonly formants = [new Resonator(), new Resonator(), new Resonator()] as const;
  private readonly hiss = new Resonator();
  private readonly pitchHz: number;
  /** Length of the vocal tract against a man's: scales the formants. */
  private readonly tract: number;
  private phase = 0;
  private left = 0;
  private total = 1;
  private kind: 'vowel' | 'consonant' | 'pause' = 'pause';
  private glideHz = 0;

  constructor(private readonly random: Random) {
    const high = random.chance(0.5);
    this.pitchHz = high ? random.uniform(170, 240) : random.uniform(90, 140);
    this.tract = high ? random.uniform(1.1, 1.2) : random.uniform(0.95, 1.05);
    this.left = random.integer(0, SAMPLE_RATE_HZ / 2);
  }

  /** Speaks into `out`, on top of what is there. */
  addTo(out: Float32Array): void {
    for (let at = 0; at < out.length;) {
      if (this.left === 0) this.nextSound();
      const end = Math.min(out.length, at + this.left);
      if (this.kind === 'vowel') this.vowel(out, at, end);
      else if (this.kind === 'consonant') this.consonant(out, at, end);
      this.left -= end - at;
      at = end;
    }
  }

  private loudness(left: number): number {
    return Math.sin((Math.PI * left) / this.total);
  }

  private consonant(out: Float32Array, from: number, end: number): void {
    for (let i = from; i < end; i++) {
      const breath = this.hiss.next(this.random.uniform(-1, 1));
      out[i]! += HISS_LOUDNESS * this.loudness(this.left - (i - from)) * breath;
    }
  }

  private vowel(out: Float32Array, from: number, end: number): void {
    const [first, second, third] = this.formants;
    for (let i = from; i < end; i++) {
      const left = this.left - (i - from);
      this.phase += (this.pitchHz + this.glideHz * (1 - left / this.total)) / SAMPLE_RATE_HZ;
      let source = this.random.uniform(-0.02, 0.02);
      if (this.phase >= 1) {
        this.phase -= 1;
        source += PULSE;
      }
      out[i]! += this.loudness(left) * (first.next(source) + second.next(source) / 2 + third.next(source) / 3);
    }
  }

  private nextSound(): void {
    const { random } = this;
    const draw = random.next();
    this.kind = draw < 0.1 ? 'pause' : this.kind === 'vowel' ? 'consonant' : 'vowel';
    const seconds = this.kind === 'vowel' ? random.uniform(0.08, 0.22) : random.uniform(0.04, 0.12);
    this.total = this.left = Math.round(seconds * SAMPLE_RATE_HZ);
    this.glideHz = random.uniform(-30, 20);
    const vowel = VOWELS[random.integer(0, VOWELS.length - 1)]!;
    this.formants.forEach((formant, i) => formant.tune(vowel[i]! * this.tract, FORMANT_BANDWIDTHS_HZ[i]!));
    this.hiss.tune(random.uniform(CONSONANT_HZ_LOW, CONSONANT_HZ_HIGH), 1200);
  }
}

/** Several generated voices at once, with the spectrum and the rhythm of speech and no word in it. */
export class Babble {
  private readonly voices: readonly Voice[];

  constructor(random: Random) {
    // Each voice draws from a stream of its own, so that the sound does not depend on how it is cut.
    this.voices = Array.from({ length: VOICES }, () => new Voice(new Random(random.uint32())));
  }

  next(length: number): Float32Array {
    const out = new Float32Array(length);
    for (const voice of this.voices) voice.addTo(out);
    return out;
  }
}

import { SAMPLE_RATE_HZ } from '../../shared/features.js';
import { spokenSecond } from './spoken-second.js';

/** Sound that is looked at for a word; spoken words and the pauses around them fit. */
const LOOK_SAMPLES = 3 * SAMPLE_RATE_HZ;
/** How often it is looked at. */
const STEP_SAMPLES = SAMPLE_RATE_HZ / 4;
/** A word is over when so much has passed since its second ended: a later one would be a new take. */
const AFTER_SAMPLES = SAMPLE_RATE_HZ / 5;

/** Cuts takes out of a stream in which a word is said again and again. */
export class TakeCutter {
  private sound: Float32Array = new Float32Array(0);
  private fresh = 0;

  /** @returns recordings of the words that ended with this sound, a little room around each */
  offer(block: Float32Array): Float32Array[] {
    const joined = new Float32Array(this.sound.length + block.length);
    joined.set(this.sound);
    joined.set(block, this.sound.length);
    this.sound = joined.subarray(Math.max(0, joined.length - LOOK_SAMPLES));
    this.fresh += block.length;
    if (this.fresh < STEP_SAMPLES) return [];
    this.fresh = 0;
    const { start, problems } = spokenSecond(this.sound);
    if (problems.includes('silent') || problems.includes('no-speech')) return [];
    const end = start + SAMPLE_RATE_HZ;
    if (end + AFTER_SAMPLES > this.sound.length) return [];
    const recording = this.sound.slice(0, end + AFTER_SAMPLES);
    this.sound = this.sound.slice(end);
    return [recording];
  }

  /** What is left when the stream has ended. */
  rest(): Float32Array | null {
    return this.sound.length > 0 ? this.sound : null;
  }
}

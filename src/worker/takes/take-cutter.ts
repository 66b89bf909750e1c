import { SAMPLE_RATE_HZ } from '../../shared/features.js';
import { spokenSecond } from './spoken-second.js';

/** Sound that is looked at for a word; spoken words and the pauses around them fit. */
const LOOK_SAMPLES = 3 * SAMPLE_RATE_HZ;
/** How often it is looked at. */
const STEP_SAMPLES = SAMPLE_RATE_HZ / 4;
/** A word is over when so much has passed since its second ended: a later one would be a new take. */
const AFTER_SAMPLES = SAMPLE_RATE_HZ / 5;

/** What lies so far below the loudest take is what is left of a word, or of the room where a microphone mutes its pauses. */
const REST_BELOW_DB = 25;

/** Cuts takes out of a stream in which a word is said again and again. */
export class TakeCutter {
  private sound: Float32Array = new Float32Array(0);
  private fresh = 0;
  private loudestDb = -Infinity;

  /** @returns recordings of the words that ended with this sound, a little room around each */
  offer(block: Float32Array): Float32Array[] {
    const joined = new Float32Array(this.sound.length + block.length);
    joined.set(this.sound);
    joined.set(block, this.sound.length);
    this.sound = joined.subarray(Math.max(0, joined.length - LOOK_SAMPLES));
    this.fresh += block.length;
    if (this.fresh < STEP_SAMPLES) return [];
    this.fresh = 0;
    const { start, levelDb, problems } = spokenSecond(this.sound);
    if (levelDb === null || problems.includes('no-speech')) return [];
    if (levelDb < this.loudestDb - REST_BELOW_DB) return [];
    const end = start + SAMPLE_RATE_HZ;
    if (end + AFTER_SAMPLES > this.sound.length) return [];
    const recording = this.sound.slice(0, end + AFTER_SAMPLES);
    this.sound = this.sound.slice(end);
    this.loudestDb = Math.max(this.loudestDb, levelDb);
    return [recording];
  }

  /** What is left when the stream has ended. */
  rest(): Float32Array | null {
    return this.sound.length > 0 ? this.sound : null;
  }
}

import type { Detection } from '../../shared/contract.js';
import { WinnowError } from '../../shared/errors.js';

/** Detections whose sound is kept, in memory only. */
export const DETECTIONS_KEPT = 100;

/** The second of sound behind a detection, 16 kHz mono. */
export interface DetectionAudio {
  /** As the network heard it, with the noise. */
  readonly heard: Float32Array;
  /** As the recorder gave it. */
  readonly clean: Float32Array;
}

/** The latest detections with their sound. */
export class DetectionArchive {
  private readonly kept = new Map<number, { detection: Detection; audio: DetectionAudio }>();

  add(detection: Detection, audio: DetectionAudio): void {
    this.kept.set(detection.id, { detection, audio });
    if (this.kept.size > DETECTIONS_KEPT) this.kept.delete(this.kept.keys().next().value!);
  }

  /** @throws WinnowError `recognizer-no-detection` */
  get(id: number): { readonly detection: Detection; readonly audio: DetectionAudio } {
    const found = this.kept.get(id);
    if (!found) throw new WinnowError('recognizer-no-detection', { id, kept: DETECTIONS_KEPT });
    return found;
  }
}
